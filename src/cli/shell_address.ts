/** A cluster by one address, where MySQL's users would give several flags. */
import { UsageError } from "./usage_error.ts";

/** What an address says, as the flags of these names would. */
interface Named {
  readonly use: string | null;
  readonly host: string | null;
  readonly port: number | null;
  readonly user: string | null;
  readonly password: string | null;
}

const SCHEME = /^(?:minisql|mysql):\/\//;

/** The configuration with what an address in DATABASE's place says; flags say it louder. */
export function withAddress<C extends Named>(config: C): C {
  const { use } = config;
  if (use === null || !SCHEME.test(use)) return config;
  const accepts = "it must be minisql://user@host:port/database";
  if (!URL.canParse(use)) throw new UsageError(`Cannot use "${use}": ${accepts}`, "shell");
  const { hostname, port, username, password, pathname } = new URL(use);
  return {
    ...config,
    host: config.host ?? told(hostname.replace(/^\[(.*)\]$/, "$1")),
    port: config.port ?? (port === "" ? null : Number(port)),
    user: config.user ?? told(username),
    password: config.password ?? told(password),
    use: told(pathname.slice(1)),
  };
}

/** One part of it, decoded; null for none. */
function told(part: string): string | null {
  try {
    return part === "" ? null : decodeURIComponent(part);
  } catch {
    throw new UsageError(`Cannot use an address with "${part}" in it: a % stands for itself`);
  }
}
