/** Begins, renews and ends the keeping of a table's fingerprint. */
import type { Fingerprint } from "../../ports/engine.ts";
import { MinisqlError, sqlError } from "../../protocol/errors.ts";
import { quoteName } from "../../sql/names.ts";
import type { Channel } from "./channel.ts";
import type { Dialect, Vendor } from "./server_facts.ts";
import { makeDurable } from "./durable.ts";
import { ERRNO } from "./faults.ts";
import {
  deleteRowSql,
  DRAW_ID,
  DRAWN_ID,
  keptRow,
  rowByNameSql,
  writeRowSql,
} from "./fingerprint_rows.ts";
import type { MysqlLimits } from "./options.ts";
import { contentOf, contentSql } from "./recompute.ts";
import { isOwn, readTable, type TableFacts } from "./schema_reader.ts";
import { createTriggerSql, type Trigger, triggersOf } from "./triggers.ts";

/** The storage engine whose rows, savepoints and triggers go together. */
const STORAGE = "innodb";

export interface MaintenanceDeps {
  readonly vendor: Vendor;
  readonly dialect: Dialect;
  readonly database: string;
  readonly limits: MysqlLimits;
}

/**
 * Whether the triggers are right can be seen, whether the count is cannot: TRUNCATE leaves no
 * trace. So rows are counted each time, and triggers are made only where they are not right.
 */
export async function maintain(
  channel: Channel,
  table: string,
  deps: MaintenanceDeps,
): Promise<Fingerprint> {
  const facts = await readTable(channel, table, deps.vendor);
  if (facts === null) {
    const message = `Table '${deps.database}.${table}' doesn't exist`;
    throw sqlError(ERRNO.noSuchTable, "42S02", message);
  }
  requireFollowable(facts);
  const { name } = facts.schema;
  const id = await keptId(channel, name);
  const isInPlace = id !== null &&
    areRight(facts, triggersOf(id, facts.schema.columns, deps.dialect));
  const used = isInPlace ? id : await renewTriggers(channel, facts, deps.dialect);
  const fingerprint = await count(channel, facts, used, deps.limits);
  // Triggers are on disk at once; without what they add to they would let nothing be written.
  await makeDurable(channel);
  return fingerprint;
}

/** A table that is dropped has taken its triggers along. */
export async function forget(channel: Channel, table: string, vendor: Vendor): Promise<void> {
  const facts = await readTable(channel, table, vendor);
  if (facts !== null) await dropTriggers(channel, facts);
  await channel.command(deleteRowSql(table));
}

function requireFollowable({ schema, tableType, isTransactional }: TableFacts): void {
  const why = !isTransactional || schema.storage !== STORAGE
    ? `its storage engine is ${schema.storage}, and only ${STORAGE} can take changes back`
    : tableType === "SYSTEM VERSIONED"
    ? "it keeps its history by itself (WITH SYSTEM VERSIONING), past any trigger"
    : null;
  if (why === null) return;
  throw new MinisqlError(
    "UNSUPPORTED",
    `Cannot keep a fingerprint of ${schema.name}: ${why}`,
  );
}

async function keptId(channel: Channel, table: string): Promise<number | null> {
  const [row] = (await channel.command(rowByNameSql(table))).rows;
  return row === undefined ? null : keptRow(row).id;
}

/** Ours must be there to the letter, and fire before any other. */
function areRight({ triggers }: TableFacts, wanted: readonly Trigger[]): boolean {
  const after = triggers.filter(({ timing }) => timing === "AFTER");
  if (triggers.filter(isOwn).length !== wanted.length) return false;
  return wanted.every(({ name, event, body }) => {
    const first = after.find((trigger) => trigger.event === event);
    return first?.name === name && first.body === body;
  });
}

/** Under a new number, since a table that was renamed may still have triggers of the old one. */
async function renewTriggers(
  channel: Channel,
  facts: TableFacts,
  dialect: Dialect,
): Promise<number> {
  const { schema, triggers } = facts;
  await dropTriggers(channel, facts);
  await channel.command(deleteRowSql(schema.name));
  await channel.command(DRAW_ID);
  const id = Number((await channel.command(DRAWN_ID)).rows[0]?.[0]);
  for (const trigger of triggersOf(id, schema.columns, dialect)) {
    const first = triggers.find((other) =>
      other.timing === "AFTER" && other.event === trigger.event && !isOwn(other)
    );
    await channel.command(createTriggerSql(trigger, schema.name, first?.name));
  }
  return id;
}

async function dropTriggers(channel: Channel, { triggers }: TableFacts): Promise<void> {
  for (const { name } of triggers.filter(isOwn)) {
    await channel.command(`DROP TRIGGER IF EXISTS ${quoteName(name)}`);
  }
}

async function count(
  channel: Channel,
  { schema }: TableFacts,
  id: number,
  limits: MysqlLimits,
): Promise<Fingerprint> {
  const { rows } = await channel.ask(contentSql(schema), { timeoutMs: limits.maintainMs });
  const fingerprint = contentOf(rows, schema.hash);
  await channel.command("START TRANSACTION");
  try {
    await channel.command(deleteRowSql(schema.name));
    await channel.command(writeRowSql(id, schema.name, fingerprint));
    await channel.command("COMMIT");
  } catch (error) {
    if (channel.isUsable) await channel.command("ROLLBACK");
    throw error;
  }
  return fingerprint;
}
