/** Options of a table: those with an effect applied, those without kept to be shown. */
import { sqlError } from "../../protocol/errors.ts";
import type { TableOptions } from "../../sql/ddl/model.ts";
import { resolveCharset } from "./schema_charset.ts";
import type { TableDraft } from "./schema_draft.ts";
import { unsupported } from "./schema_errors.ts";

/** Hints to MySQL's own storage: they change nothing that a client could see. */
const SHOWN_ONLY = new Set([
  ...["MIN_ROWS", "MAX_ROWS", "AVG_ROW_LENGTH", "PACK_KEYS", "STATS_PERSISTENT"],
  ...["STATS_AUTO_RECALC", "STATS_SAMPLE_PAGES", "CHECKSUM", "DELAY_KEY_WRITE", "ROW_FORMAT"],
  ...["KEY_BLOCK_SIZE"],
]);

/** Read elsewhere, or with nothing to apply. */
const APPLIED = new Set(["ENGINE", "CHARSET", "COLLATE", "COMMENT", "AUTO_INCREMENT"]);

const OTHER_ENGINES = new Set([
  ...["myisam", "memory", "heap", "aria", "csv", "archive", "blackhole", "merge", "mrg_myisam"],
  ...["federated", "ndb", "ndbcluster", "spider", "connect", "columnstore", "rocksdb", "sequence"],
]);

export function applyOptions(draft: TableDraft, options: TableOptions): void {
  checkEngine(options["ENGINE"]);
  const charset = options["CHARSET"] ?? null;
  const collation = options["COLLATE"] ?? null;
  if (charset !== null || collation !== null) {
    draft.charset = resolveCharset({ charset, collation, binary: false }, draft.charset);
  }
  draft.comment = options["COMMENT"] ?? draft.comment;
  const shown: Record<string, string> = { ...draft.options };
  for (const [name, value] of Object.entries(options)) {
    if (APPLIED.has(name)) continue;
    if (!SHOWN_ONLY.has(name)) {
      throw unsupported(
        `Cannot set table option ${name}: the embedded engine does not have it; leave it out`,
      );
    }
    if (value.toLowerCase() === "default") delete shown[name];
    else shown[name] = value;
  }
  draft.options = shown;
}

function checkEngine(engine: string | undefined): void {
  if (engine === undefined || engine.toLowerCase() === "innodb") return;
  if (!OTHER_ENGINES.has(engine.toLowerCase())) {
    throw sqlError(1286, "42000", `Unknown storage engine '${engine}'`);
  }
  throw unsupported(
    `Cannot use storage engine ${engine}: the embedded engine keeps tables as InnoDB does; ` +
      "leave it out, or say InnoDB",
  );
}
