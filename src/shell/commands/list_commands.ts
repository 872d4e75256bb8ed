/** Commands that list what there is in the database. */
import { quoteName } from "../../client/sql_text.ts";
import { runStatement } from "../statement_runner.ts";
import type { ShellCommand } from "./command.ts";

export const LIST_COMMANDS: readonly ShellCommand[] = [
  {
    names: ["\\l"],
    args: "",
    does: "List databases",
    run: async (shell) => void await runStatement(shell, "SHOW DATABASES"),
  },
  {
    names: ["\\dt"],
    args: "",
    does: "List tables",
    run: async (shell) => void await runStatement(shell, "SHOW TABLES"),
  },
  {
    names: ["\\d"],
    args: "[TABLE]",
    does: "Describe a table; without one, list tables",
    async run(shell, { args }) {
      const name = args.replace(/^`(.*)`$/, "$1");
      await runStatement(shell, name === "" ? "SHOW TABLES" : `DESCRIBE ${quoteName(name)}`);
    },
  },
];
