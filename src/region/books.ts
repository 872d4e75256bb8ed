/**
 * What a region server keeps in its own database beside the data, in tables of its own: how far
 * each region is applied, and the last write of each client's session. Written in the transaction
 * that changes the data, so that neither is ever ahead of the other.
 */
import type { Engine, EngineSession } from "../ports/engine.ts";
import type { LogPosition } from "../ports/log.ts";
import { MinisqlError } from "../protocol/errors.ts";
import type { Row } from "../protocol/values.ts";
import { quoteString } from "../sql/names.ts";

/**
 * `copying`: the rows are a mixture until the copy has been finished and compared. `changing`: the
 * schema change behind the position is being run, and may show already; `emptying`: one that takes
 * rows away without their triggers.
 */
export type CopyState = "sound" | "copying" | "changing" | "emptying";

export interface Applied extends LogPosition {
  readonly state: CopyState;
}

/** The last write of a session: its number, where it stands in the log, and its result as JSON. */
export interface SessionBook {
  readonly session: string;
  readonly n: number;
  readonly seq: number;
  readonly result: string;
}

const CREATE = [
  "CREATE TABLE IF NOT EXISTS `_minisql_applied` (" +
  "`region` VARCHAR(64) NOT NULL PRIMARY KEY, `epoch` BIGINT NOT NULL, `seq` BIGINT NOT NULL, " +
  "`state` VARCHAR(16) NOT NULL)",
  "CREATE TABLE IF NOT EXISTS `_minisql_session` (" +
  "`region` VARCHAR(64) NOT NULL, `session` VARCHAR(64) NOT NULL, `n` BIGINT NOT NULL, " +
  "`seq` BIGINT NOT NULL, `result` TEXT NOT NULL, PRIMARY KEY (`region`, `session`))",
  "CREATE TABLE IF NOT EXISTS `_minisql_table` (" +
  "`name` VARCHAR(64) NOT NULL PRIMARY KEY, `region` VARCHAR(64) NOT NULL)",
];

const OWN_LIMIT_MS = 60_000;
const RUN = { timeoutMs: OWN_LIMIT_MS };
const SESSIONS_A_STATEMENT = 500;
/** Column cannot be null. */
const NULL_ERRNO = 1048;

/** Makes the tables where they are missing. */
export async function prepareBooks(engine: Engine): Promise<void> {
  const session = await engine.session();
  try {
    for (const sql of CREATE) await session.run(sql, RUN);
  } finally {
    await session.close();
  }
}

/** How far a region is applied, as the session's transaction sees it; null for one unknown here. */
export async function readApplied(session: EngineSession, region: string): Promise<Applied | null> {
  const { rows } = await session.run(
    "SELECT `epoch`, `seq`, `state` FROM `_minisql_applied` WHERE `region` = " +
      quoteString(region),
    RUN,
  );
  const [row] = rows;
  if (row === undefined) return null;
  const [epoch, seq, state] = row;
  return { epoch: Number(epoch), seq: Number(seq), state: state as CopyState };
}

/** How far each region is applied, by its name. */
export async function readPositions(session: EngineSession): Promise<ReadonlyMap<string, number>> {
  const { rows } = await session.run("SELECT `region`, `seq` FROM `_minisql_applied`", RUN);
  return new Map(rows.map(([region, seq]) => [String(region), Number(seq)]));
}

/** All regions that this database holds something of. */
export async function readRegions(session: EngineSession): Promise<readonly string[]> {
  const { rows } = await session.run(
    "SELECT `region` FROM `_minisql_applied` ORDER BY `region`",
    RUN,
  );
  return rows.map(([region]) => String(region));
}

/** For a transaction that changes the region's data. */
export function appliedSql(region: string, { epoch, seq, state }: Applied): string {
  const values = `${epoch}, ${seq}, ${quoteString(state)}`;
  return `REPLACE INTO \`_minisql_applied\` (\`region\`, \`epoch\`, \`seq\`, \`state\`) ` +
    `VALUES (${quoteString(region)}, ${values})`;
}

/**
 * The same, for the entry behind the one that was applied last: fails where the database is not
 * there. It may have lost what it had committed last, or the region may be a mixture.
 */
export function movedSql(region: string, { epoch, seq }: LogPosition): string {
  // What comes of the state is refused first, since assignments take what was assigned before them.
  return "UPDATE `_minisql_applied` SET `state` = IF(`state` = 'sound' AND " +
    `\`seq\` = ${seq - 1}, 'sound', NULL), \`epoch\` = ${epoch}, \`seq\` = ${seq} ` +
    `WHERE \`region\` = ${quoteString(region)}`;
}

/** For people, who know nothing of how it is found out. */
export function moveFault(error: Error): Error {
  if (!(error instanceof MinisqlError) || error.errno !== NULL_ERRNO) return error;
  const why =
    "The database is not at the position it was left at; it may have lost its last commits";
  return new MinisqlError("UNAVAILABLE", why, { cause: error });
}

export async function writeApplied(
  session: EngineSession,
  region: string,
  applied: Applied,
): Promise<void> {
  await session.run(appliedSql(region, applied), RUN);
}

/** Says that the rows of a region are not whole any more, if there is anything of it here. */
export async function spoilApplied(session: EngineSession, region: string): Promise<void> {
  const applied = await readApplied(session, region);
  if (applied === null) return;
  await writeApplied(session, region, { ...applied, state: "copying" });
}

/** Reads a region's sessions: name, number, position, result. */
export function sessionsSql(region: string): string {
  return "SELECT `session`, `n`, `seq`, `result` FROM `_minisql_session` WHERE `region` = " +
    quoteString(region);
}

export function sessionBook([session, n, seq, result]: Row): SessionBook {
  return { session: String(session), n: Number(n), seq: Number(seq), result: String(result) };
}

/** Of all client sessions, or of the one named. */
export async function readSessions(
  session: EngineSession,
  region: string,
  name?: string,
): Promise<readonly SessionBook[]> {
  const one = name === undefined ? "" : ` AND \`session\` = ${quoteString(name)}`;
  const { rows } = await session.run(sessionsSql(region) + one, RUN);
  return rows.map(sessionBook);
}

export function writeSessionsSql(
  region: string,
  books: readonly SessionBook[],
): readonly string[] {
  const texts: string[] = [];
  for (let from = 0; from < books.length; from += SESSIONS_A_STATEMENT) {
    const rows = books.slice(from, from + SESSIONS_A_STATEMENT).map((book) =>
      `(${quoteString(region)}, ${quoteString(book.session)}, ${book.n}, ${book.seq}, ` +
      `${quoteString(book.result)})`
    );
    texts.push(
      "REPLACE INTO `_minisql_session` (`region`, `session`, `n`, `seq`, `result`) VALUES " +
        rows.join(", "),
    );
  }
  return texts;
}

export async function writeSessions(
  session: EngineSession,
  region: string,
  books: readonly SessionBook[],
): Promise<void> {
  for (const sql of writeSessionsSql(region, books)) await session.run(sql, RUN);
}

/** Forgets sessions whose last write is at or before `seq`: nobody asks for them again. */
export function forgetSessionsSql(region: string, seq: number): string {
  return `DELETE FROM \`_minisql_session\` WHERE \`region\` = ${quoteString(region)} ` +
    `AND \`seq\` <= ${seq}`;
}

export async function forgetSessions(
  session: EngineSession,
  region: string,
  seq: number,
): Promise<void> {
  await session.run(forgetSessionsSql(region, seq), RUN);
}

/** The tables that are this cluster's copies, by name, and the region of each. */
export async function readOwned(session: EngineSession): Promise<ReadonlyMap<string, string>> {
  const { rows } = await session.run("SELECT `name`, `region` FROM `_minisql_table`", RUN);
  return new Map(rows.map(([name, region]) => [String(name), String(region)]));
}

/** Says which tables are a region's; those not named are nobody's from now on. */
export async function writeOwned(
  session: EngineSession,
  region: string,
  tables: readonly string[],
): Promise<void> {
  await session.run(
    `DELETE FROM \`_minisql_table\` WHERE \`region\` = ${quoteString(region)}`,
    RUN,
  );
  for (const table of tables) {
    await session.run(
      "REPLACE INTO `_minisql_table` (`name`, `region`) VALUES " +
        `(${quoteString(table)}, ${quoteString(region)})`,
      RUN,
    );
  }
}

/** Forgets all that is kept of a region. */
export async function forgetRegion(session: EngineSession, region: string): Promise<void> {
  for (const table of ["_minisql_applied", "_minisql_session", "_minisql_table"]) {
    await session.run(`DELETE FROM \`${table}\` WHERE \`region\` = ${quoteString(region)}`, RUN);
  }
}
