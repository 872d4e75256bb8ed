/** Statements about the cluster, which the shell answers itself with a table like any other. */
import type { QueryStream } from "../../client/api.ts";
import type { Column, Row } from "../../protocol/values.ts";
import { meaningful, scan } from "../editor/scan.ts";
import { firstWord } from "../first_word.ts";
import type { Shell } from "../shell.ts";
import type { View } from "../views.ts";
import { clearCluster } from "./clear.ts";
import { explainRoute } from "./explain_route.ts";
import { type Look, LOOKS, STATUS } from "./looks.ts";

/** What may stand behind SHOW, by its words. */
const SHOWN = new Map<string, Look>([
  ["CLUSTER STATUS", STATUS],
  ["TABLE STATUS", lookNamed("tables")],
  ...LOOKS.filter(({ name }) => name !== "status" && name !== "tables").map((
    each,
  ) => [each.name.toUpperCase(), each] as const),
]);

/** Words that begin statements of ours, for completion. */
export const CLUSTER_STATEMENTS: readonly string[] = [
  ...[...SHOWN.keys()].map((words) => `SHOW ${words}`),
  "EXPLAIN ROUTE",
];

const OURS = new Set(["SHOW", "EXPLAIN", "CLEAR"]);

function lookNamed(name: string): Look {
  return LOOKS.find((look) => look.name === name) ?? STATUS;
}

/** The answer, or null for a statement that is the cluster's to answer. */
export async function clusterStatement(
  shell: Shell,
  sql: string,
  signal: AbortSignal,
): Promise<QueryStream | null> {
  if (!OURS.has(firstWord(sql))) return null;
  const parts = meaningful(scan(sql));
  const words = parts.map(({ text }) => text.toUpperCase());
  const [first, second, third] = words;
  if (first === "CLEAR") {
    const name = parts.slice(1).map(({ text }) => text).join("").replaceAll("`", "");
    return changeStream(await clearCluster(shell, name === "" ? null : name, signal));
  }
  if (first === "EXPLAIN" && second === "ROUTE" && third !== undefined) {
    const start = parts[2]?.start ?? 0;
    const view = await explainRoute(shell.client.admin, sql.slice(start), shell.session.read);
    return viewStream(view);
  }
  if (first !== "SHOW") return null;
  const wanted = SHOWN.get(words.slice(1, 3).join(" ")) ?? SHOWN.get(second ?? "");
  if (wanted === undefined) return null;
  const rest = words.slice(SHOWN.has(second ?? "") ? 2 : 3);
  if (rest.length > 0 && rest[0] !== "LIKE") return null;
  const { table } = await wanted.see(shell.client.admin, shell.lookOptions(signal));
  return viewStream(rest.length === 0 ? table : matching(table, parts.at(-1)?.text ?? ""));
}

/** Rows whose first value is like the pattern, in quotes as it was written. */
function matching(view: View, quoted: string): View {
  const pattern = quoted.slice(1, -1).replace(/[.*+?^${}()|[\]]/g, "\\$&")
    .replace(
      /\\\\?([%_])|%|_/g,
      (found, escaped: string | undefined) => escaped ?? (found === "%" ? ".*" : "."),
    );
  const like = new RegExp(`^${pattern}$`, "is");
  return { ...view, rows: view.rows.filter(([first = ""]) => like.test(first)) };
}

const NOTHING = { result: { affected: 0 }, receipt: null } as const;

export function viewStream({ headings, rows }: View): QueryStream {
  const columns = headings.map((heading): Column => ({
    name: columnName(heading),
    kind: heading.endsWith(" ") ? "integer" : "text",
    nullable: false,
  }));
  return {
    columns: Promise.resolve(columns),
    outcome: Promise.resolve(NOTHING),
    async *[Symbol.asyncIterator]() {
      yield await Promise.resolve(rows as readonly Row[]);
    },
  };
}

function changeStream(affected: number): QueryStream {
  return {
    columns: Promise.resolve([]),
    outcome: Promise.resolve({ ...NOTHING, result: { affected } }),
    async *[Symbol.asyncIterator]() {},
  };
}

/** `IN SYNC ` is `In_sync`, as MySQL names columns of SHOW. */
function columnName(heading: string): string {
  const words = heading.trim().toLowerCase().replaceAll(" ", "_");
  return words.charAt(0).toUpperCase() + words.slice(1);
}
