/** This program: how it was called, and how it is started again. */
import { buildInfo } from "../build_info.ts";
import type { Environment } from "../read_config.ts";

export interface Self {
  /** As a person types it. */
  readonly name: string;
  /** The file to start and the arguments that come before its own. */
  readonly program: string;
  readonly before: readonly string[];
}

export function self(environment: Environment): Self {
  switch (buildInfo().form) {
    case "compiled":
      return { name: "minisql", program: Deno.execPath(), before: [] };
    case "archive": {
      // Set by the script that unpacks the program.
      const name = environment.get("MINISQL_PROGRAM") ?? "minisql";
      return { name, program: name, before: [] };
    }
    default: {
      const before = ["run", "--allow-all", Deno.mainModule];
      return { name: "minisql", program: Deno.execPath(), before };
    }
  }
}
