/** The command line of the services command. */
import { parseArgs } from "node:util";
import { ServiceError } from "./service_error.ts";

export const USAGE = `Private MariaDB and ZooKeeper servers on this machine, for trying things out.

  deno task services up [--mariadb N] [--zookeeper 0|1|3] [--keep DIR]
      Starts N MariaDB servers (3) and ZooKeeper (1 server), prints how to reach them, and
      runs until Ctrl-C. All data is gone then, unless --keep names a folder for it: started
      with the same folder again, the servers come back with the same data and addresses.
  deno task services install
      Installs MariaDB, ZooKeeper and Java where they are missing (apt-get, with sudo).`;

export type Arguments =
  | { readonly command: "help" }
  | { readonly command: "install" }
  | ({ readonly command: "up" } & UpArguments);

export interface UpArguments {
  readonly mariadb: number;
  readonly zookeeper: 0 | 1 | 3;
  readonly keep: string | null;
}

/** More would only crowd one machine. */
const MARIADB_MAX = 20;

export function readArguments(args: readonly string[]): Arguments {
  const { values, positionals } = parse(args);
  const [command, ...rest] = positionals;
  if (values.help === true || command === undefined) return { command: "help" };
  if (rest.length > 0) throw new ServiceError(`Cannot understand "${rest[0]}": see --help`);
  if (command === "install") return { command };
  if (command !== "up") throw new ServiceError(`Cannot run "${command}": say up or install`);
  return {
    command,
    mariadb: countOf(values.mariadb),
    zookeeper: zookeeperOf(values.zookeeper),
    keep: values.keep ?? null,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        help: { type: "boolean", short: "h" },
        keep: { type: "string" },
        mariadb: { type: "string", default: "3" },
        zookeeper: { type: "string", default: "1" },
      },
    });
  } catch (error) {
    throw new ServiceError(error instanceof Error ? error.message : String(error));
  }
}

function countOf(text: string): number {
  const count = /^\d{1,3}$/.test(text) ? Number(text) : Infinity;
  if (count <= MARIADB_MAX) return count;
  throw new ServiceError(`Cannot use --mariadb ${text}: say 0 to ${MARIADB_MAX}`);
}

function zookeeperOf(text: string): 0 | 1 | 3 {
  const count = Number(text);
  if (text !== "" && (count === 0 || count === 1 || count === 3)) return count;
  throw new ServiceError(`Cannot use --zookeeper ${text}: say 0, 1 or 3`);
}
