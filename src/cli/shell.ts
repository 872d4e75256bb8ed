/** `minisql shell`: statements typed, piped or given, with the flags of MySQL's own client. */
import type { Address } from "../ports/network.ts";
import { MinisqlError } from "../protocol/errors.ts";
import type { FormatName } from "../shell/output/result_format.ts";
import { errorLine } from "../shell/output/error_words.ts";
import type { ConnectionWords, ShellOptions } from "../shell/options.ts";
import { runShell } from "../shell/run_shell.ts";
import { buildInfo } from "./build_info.ts";
import { greet, namedMasters, openClient } from "./client_flags.ts";
import { command, type CommandContext } from "./command.ts";
import { EXIT } from "./exit_codes.ts";
import type { ConfigOf } from "./flags.ts";
import { realShellPort } from "./shell_port.ts";
import { withAddress } from "./shell_address.ts";
import { SHELL_FLAGS } from "./shell_flags.ts";
import { UsageError } from "./usage_error.ts";

export const shellCommand = command({
  name: "shell",
  summary: "Type SQL, or run a script of it",
  group: "Clients",
  description: "At a terminal it is a conversation, with history, completion and \\? for help. " +
    "Elsewhere it runs what comes in, or what -e gives, and writes data and nothing else to " +
    "stdout: as a table at a terminal, as tab-separated values for programs. It stops at the " +
    "first error and ends with 1, or with 3 where the cluster cannot be reached.",
  positionals: {
    use: {
      kind: "text",
      value: "DATABASE",
      env: false,
      help: "As MySQL's client has it, the same as -D; or minisql://user@host:port/database, " +
        "where the port is a master's",
    },
  },
  flags: SHELL_FLAGS,
  examples: [
    { line: "minisql shell", does: "A conversation with the cluster on this machine" },
    { line: 'minisql shell -e "SELECT * FROM orders" --json', does: "Data for a program" },
    { line: "minisql shell minisql://ada@m1:9090", does: "By one address" },
    { line: "minisql shell --force < script.sql", does: "A script, to its end" },
    { line: 'minisql shell -h m2 -P 9090 -NBe "SHOW TABLES"', does: "As with mysql" },
  ],
  runsPrograms: true,
  async run(config, context) {
    if (config.version) {
      await context.out.line(`minisql ${buildInfo().version}`);
      return EXIT.ok;
    }
    return await open(withAddress(config), context);
  },
});

export type ShellConfig = ConfigOf<typeof SHELL_FLAGS> & { readonly use: string | null };

async function open(config: ShellConfig, context: CommandContext): Promise<number> {
  if (config.watch !== null && config.execute.length === 0) {
    throw new UsageError("Cannot use --watch without -e: there is nothing to run again", "shell");
  }
  const masters = mastersOf(config);
  const client = openClient(config, context, "shell", masters);
  try {
    const { cluster, master } = await greet(
      client,
      { waitMs: config.wait, electionMs: config.timeout },
      context.process.stop,
    );
    const connection = {
      user: config.user,
      host: master.host,
      port: master.port,
      cluster,
      masters,
    };
    return await runShell(client, realShellPort(context), shellOptions(config, connection));
  } catch (error) {
    const isFirst = error instanceof MinisqlError;
    if (!isFirst) throw error;
    await context.err.line(context.err.terminal.style.red(errorLine(error, null)));
    return EXIT.unreachable;
  } finally {
    await client.close();
  }
}

export function shellOptions(config: ShellConfig, connection: ConnectionWords): ShellOptions {
  return {
    version: buildInfo().version,
    connection,
    execute: config.execute,
    database: config.database ?? config.use,
    format: formatOf(config),
    header: !config.skipColumnNames,
    raw: config.raw,
    batch: config.batch,
    silent: config.silent,
    verbose: config.verbose,
    force: config.force,
    quick: config.quick,
    nullText: config.null,
    binary: config.binary,
    prompt: config.prompt,
    pager: config.pager ? null : "",
    warn: config.warn,
    showWarnings: config.showWarnings,
    autoVertical: config.autoVerticalOutput,
    tee: config.tee,
    delimiter: config.delimiter,
    initCommand: config.initCommand,
    watchMs: config.watch,
    historyIgnore: config.histignore?.split(":").filter((each) => each !== "") ?? [],
    noRehash: config.skipAutoRehash,
  };
}

/** `-h` and `-P` name one master, as MySQL's client would name its server. */
function mastersOf(config: ShellConfig): readonly Address[] {
  const { host, port } = config;
  const masters = namedMasters(config);
  if (host === null && port === null) return masters;
  const [first] = masters;
  return [{ host: host ?? first?.host ?? "127.0.0.1", port: port ?? first?.port ?? 9090 }];
}

function formatOf(config: ShellConfig): FormatName | null {
  const chosen: readonly (readonly [FormatName, boolean])[] = [
    ["table", config.table],
    ["vertical", config.vertical],
    ["tsv", config.tsv],
    ["csv", config.csv],
    ["json", config.json],
    ["jsonl", config.jsonl],
    ["markdown", config.markdown],
  ];
  const names = [
    ...(config.format === null ? [] : [config.format]),
    ...chosen.flatMap(([name, isChosen]) => isChosen ? [name] : []),
  ];
  const [first, second] = new Set(names);
  if (second !== undefined) {
    throw new UsageError(`Cannot write results as both ${first} and ${second}`, "shell");
  }
  return first ?? null;
}
