/** What the built program may do, whatever form it has: never everything. */

/** Variables it may read. `MINISQL_*` are its settings. */
const VARIABLES = [
  "MINISQL_*",
  "NO_COLOR",
  "FORCE_COLOR",
  "TERM",
  "COLUMNS",
  "HOME",
  "XDG_CONFIG_HOME",
  "XDG_STATE_HOME",
  "PAGER",
  "VISUAL",
  "EDITOR",
  "TZ",
];

/**
 * Addresses, data folders and files come from its settings, so network and files are open. Programs
 * are started by the shell and by `up` alone; every other command gives that up before it begins.
 * It loads no native libraries and fetches no code. A missing permission is an error, never a
 * question: nobody may be there to answer.
 */
export const PERMISSIONS: readonly string[] = [
  "--allow-net",
  "--allow-read",
  "--allow-write",
  `--allow-env=${VARIABLES.join(",")}`,
  "--allow-sys=hostname",
  "--allow-run",
  "--no-prompt",
];
