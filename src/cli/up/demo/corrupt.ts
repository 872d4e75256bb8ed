/** A row that is changed behind a region server's back, found by voting and repaired. */
import { SqliteEngine } from "../../../adapters/sqlite/engine.ts";
import { SystemRandom } from "../../../adapters/system_random.ts";
import type { ColumnSchema, Engine, TableSchema } from "../../../ports/engine.ts";
import { MinisqlError } from "../../../protocol/errors.ts";
import type { ClusterEvent } from "../../../protocol/events.ts";
import type { ReadLevel } from "../../../protocol/calls/region.ts";
import type { Cell } from "../../../protocol/values.ts";
import { cellLiteral } from "../../../sql/cell_literal.ts";
import { quoteName } from "../../../sql/names.ts";
import type { Member } from "../member.ts";
import type { Play } from "./failures.ts";
import type { RegionLayout } from "./layout.ts";
import type { Scene, Stage } from "./stage.ts";
import { duration, foundOn, rows } from "./words.ts";

const RUN = { timeoutMs: 10_000 };
const LIMIT_MS = 30_000;
const OPEN_MS = 5000;
const BETWEEN_READS_MS = 5;

interface Change {
  /** Finds the row, in any copy. */
  readonly select: string;
  readonly column: string;
  readonly before: Cell;
  readonly after: Cell;
  readonly where: string;
}

/** What came of it, as far as it has. */
interface Outcome {
  votes: string | null;
  votedAfterMs: number;
  repaired: number | null;
}

export async function corrupt(play: Play, table: string, member: Member): Promise<void> {
  const { stage, say, signal } = play;
  const change = await changeBehindItsBack(stage, table, member);
  const { column, before, after, where } = change;
  // A vote asks slaves; what the primary holds is met where it is asked itself.
  const isPrimary = regionOf(stage, table)?.state.primary === stage.cluster.ridOf(member);
  const level = isPrimary ? "latest" : "voted";
  await say(`In ${member.name}'s own database file, past the cluster: ${table}, row ${where}`);
  await say(
    `${column} was ${String(before)} and is ${String(after)} there now. Reading it (${level})…`,
  );
  await stage.scene(say, signal, async (scene) => {
    const outcome = watch(stage, scene, table, member);
    try {
      await read(
        stage,
        scene,
        { ...change, level },
        () => isOver(stage, table, member, outcome.so),
      );
    } finally {
      outcome.end();
    }
    scene.tell(summary(table, member, outcome.so));
  });
}

function watch(stage: Stage, scene: Scene, table: string, member: Member) {
  const rid = stage.cluster.ridOf(member);
  const so: Outcome = { votes: null, votedAfterMs: 0, repaired: null };
  const end = stage.cluster.events.hear(({ event }) => {
    if (event.event === "copy.diverged" && event.rid === rid && so.votes === null) {
      so.votes = event.votes;
      so.votedAfterMs = scene.elapsed();
    }
    if (isRepair(event, table) && event.rid === rid) so.repaired = event.rows;
  });
  return { so, end };
}

function isRepair(
  event: ClusterEvent,
  table: string,
): event is Extract<ClusterEvent, { readonly event: "copy.repaired" }> {
  return event.event === "copy.repaired" && event.table === table;
}

/** Reads the row again and again, and counts the answers that were not the true one. */
async function read(
  stage: Stage,
  scene: Scene,
  { select, before, level }: Change & { readonly level: ReadLevel },
  isOver: () => Promise<boolean>,
): Promise<void> {
  let reads = 0;
  let wrong = 0;
  const once = async () => {
    try {
      const answer = await stage.client.query(select, [], { read: level, signal: scene.signal });
      reads++;
      if (String(answer.rows[0]?.[0]) !== String(before)) wrong++;
    } catch (error) {
      if (!(error instanceof MinisqlError)) throw error;
      scene.signal.throwIfAborted();
      scene.tell(`a read failed: ${error.message}`);
    }
    return await isOver();
  };
  const settled = await scene.until(once, LIMIT_MS, BETWEEN_READS_MS);
  if (!settled) scene.tell(`not settled within ${duration(LIMIT_MS)}`);
  const counted = reads === 1 ? "1 read" : `${reads} reads`;
  scene.tell(`${counted} meanwhile, ${wrong === 0 ? "none" : wrong} of them wrong`);
}

/** Out-voted, repaired, and serving again. */
async function isOver(
  stage: Stage,
  table: string,
  member: Member,
  { votes, repaired }: Outcome,
): Promise<boolean> {
  const { address } = member;
  const region = regionOf(stage, table)?.state.region;
  if (votes === null || repaired === null || address === null || region === undefined) return false;
  const { replicas } = await stage.client.admin.server(address, "replicas", { region });
  return replicas.length > 0 && replicas.every(({ trouble }) => trouble === null);
}

function regionOf(stage: Stage, table: string): RegionLayout | undefined {
  return stage.regions().find(({ tables }) => tables.includes(table));
}

function summary(
  table: string,
  member: Member,
  { votes, votedAfterMs, repaired }: Outcome,
): string {
  if (votes === null) return `${member.name} was not out-voted on ${table}`;
  const found = `${member.name} ${foundOn(table, votes)} after ${duration(votedAfterMs)}`;
  if (repaired === null) return `${found}; not repaired yet`;
  return `${found}; ${rows(repaired)} repaired; serving again`;
}

/** Opens the server's file as a second program would, and changes one value in its first row. */
async function changeBehindItsBack(stage: Stage, table: string, member: Member): Promise<Change> {
  const engine = await openBeside(stage, member);
  try {
    const change = await chooseChange(engine, table, member);
    const session = await engine.session();
    const { column, after, where } = change;
    const kind = typeof after === "number" ? "integer" : "text";
    await session.run(
      `UPDATE ${quoteName(table)} SET ${quoteName(column)} = ${cellLiteral(after, kind)} ` +
        `WHERE ${where}`,
      RUN,
    );
    await session.close();
    return change;
  } finally {
    await engine.close();
  }
}

/** A second engine on the file, once the server lets go of its write lock for a moment. */
async function openBeside({ clock, cluster }: Stage, member: Member): Promise<Engine> {
  const path = cluster.databaseOf(member);
  const limit = clock.now() + OPEN_MS;
  for (;;) {
    try {
      return new SqliteEngine({ clock, random: new SystemRandom(), path });
    } catch (error) {
      const isBusy = error instanceof MinisqlError && error.code === "SQL";
      if (!isBusy || clock.now() > limit) throw error;
    }
    await clock.sleep(BETWEEN_READS_MS);
  }
}

async function chooseChange(engine: Engine, table: string, member: Member): Promise<Change> {
  const schema = await engine.schema(table);
  if (schema === null) {
    throw new MinisqlError("NO_SUCH_TABLE", `${member.name} has no copy of a table ${table}`);
  }
  const key = schema.indexes.find(({ name }) => name === "PRIMARY")?.columns ?? [];
  const column = victim(schema, key);
  const session = await engine.session();
  try {
    const columns = [...key, column.name].map(quoteName).join(", ");
    const sql = `SELECT ${columns} FROM ${quoteName(table)} ORDER BY ${key.map(quoteName)} LIMIT 1`;
    const { rows: [row], columns: kinds } = await session.run(sql, RUN);
    if (row === undefined) throw new MinisqlError("BAD_REQUEST", `${table} has no row to change`);
    const where = key.map((name, at) =>
      `${quoteName(name)} = ${cellLiteral(row[at] ?? null, kinds[at]?.kind ?? "text")}`
    ).join(" AND ");
    const before = row[key.length] ?? null;
    const select = `SELECT ${quoteName(column.name)} FROM ${quoteName(table)} WHERE ${where}`;
    return { select, column: column.name, before, after: another(before, column), where };
  } finally {
    await session.close();
  }
}

/** A column whose values can be changed without anybody minding at once: no key, no index. */
function victim({ name, columns, indexes }: TableSchema, key: readonly string[]): ColumnSchema {
  const keyed = new Set([...key, ...indexes.flatMap((index) => index.columns)]);
  const free = columns.filter((each) => !keyed.has(each.name) && each.generatedSql === null);
  const chosen = free.find(({ kind }) => kind === "integer") ??
    free.find(({ kind }) => kind === "text");
  if (key.length > 0 && chosen !== undefined) return chosen;
  throw new MinisqlError(
    "UNSUPPORTED",
    `Cannot corrupt ${name}: it needs a primary key and a column of numbers or text beside it`,
  );
}

/** A value of the same kind and size. */
function another(before: Cell, { kind }: ColumnSchema): Cell {
  if (kind === "integer") return typeof before === "number" ? before + 1 : 1;
  const text = String(before ?? "");
  return (text.startsWith("X") ? "Y" : "X") + text.slice(1);
}
