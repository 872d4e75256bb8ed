/** What `deno task failover` can be told. */
import { parseArgs } from "node:util";

export interface FailoverOptions {
  /** How often the primary is struck. */
  readonly strikes: number;
  /** SIGSTOP and, a while later, SIGCONT in place of SIGKILL and a restart. */
  readonly stops: boolean;
  readonly writers: number;
  readonly masters: number;
  /** As the servers' flag takes it. */
  readonly sessionTimeout: string;
}

export function failoverOptions(args: readonly string[]): FailoverOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      kills: { type: "string", default: "50" },
      stop: { type: "boolean", default: false },
      writers: { type: "string", default: "16" },
      masters: { type: "string", default: "1" },
      "session-timeout": { type: "string", default: "2s" },
    },
  });
  return {
    strikes: count("kills", values.kills),
    stops: values.stop,
    writers: count("writers", values.writers),
    masters: count("masters", values.masters),
    sessionTimeout: values["session-timeout"],
  };
}

function count(flag: string, text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new Error(`Cannot use --${flag} ${text}: it must be a whole number above 0`);
}
