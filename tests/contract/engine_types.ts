/** Engine contract: for every column type the three ways to a fingerprint agree. */
import assert from "node:assert/strict";
import type { Engine, EngineSession } from "../../src/ports/engine.ts";
import { cellLiteral } from "../../src/sql/cell_literal.ts";
import { exactSelectList } from "../../src/sql/fingerprint.ts";
import {
  assertInStep,
  assertRefused,
  type EngineContract,
  LIMIT,
  sessionTest,
} from "./engine_fixture.ts";
import { TYPE_CASES, type TypeCase } from "./engine_type_cases.ts";

export function typeContract(contract: EngineContract): void {
  for (const [at, each] of TYPE_CASES.entries()) {
    const again = TYPE_CASES.findIndex(({ name }) => name === each.name) !== at;
    const what = again ? `${each.name}, ${each.column}` : each.name;
    sessionTest(contract, `fingerprints of ${what} agree three ways`, async (session, engine) => {
      if (contract.can.refusedTypes.includes(each.name)) {
        const create = session.run(`CREATE TABLE t (id INT PRIMARY KEY, ${each.column})`, LIMIT);
        await assertRefused(create, "UNSUPPORTED");
      } else {
        await compare(engine, session, each);
      }
    });
  }
}

async function compare(engine: Engine, session: EngineSession, each: TypeCase): Promise<void> {
  const run = async (sql: string) => void await session.run(sql, { ...LIMIT, copying: true });
  await run(`CREATE TABLE t (id INT PRIMARY KEY, ${each.column})`);
  await engine.maintainFingerprint("t");
  const target = /^u /.test(each.column) && !/INVISIBLE/.test(each.column) ? "u" : "v";
  const seen = new Set<string>();
  for (const value of each.values) {
    await run(`INSERT INTO t (id, ${target}) VALUES (1, ${value})`);
    seen.add((await assertInStep(engine, session, "t")).sum);
    await run("DELETE FROM t");
    assert.equal((await assertInStep(engine, session, "t")).sum, "0", `after deleting ${value}`);
  }
  assert.equal(seen.size, each.values.length, "each value has a fingerprint of its own");
  const rows = each.values.map((value, id) => `(${id}, ${value})`).join();
  await session.begin("write");
  await run(`INSERT INTO t (id, ${target}) VALUES ${rows}`);
  await run(`UPDATE t SET id = id + 1000`);
  await run(`UPDATE t SET ${target} = ${each.values[0]} WHERE id > 1000`);
  await session.commit();
  await assertInStep(engine, session, "t");
  await copyByHand(engine, session);
}

/** What a stream reads, written elsewhere as literals, is the same content. */
async function copyByHand(engine: Engine, session: EngineSession): Promise<void> {
  const schema = await engine.schema("t");
  assert.ok(schema !== null);
  const columns = schema.columns.filter(({ generatedSql }) => generatedSql === null);
  const names = columns.map(({ name }) => `\`${name}\``).join();
  const read = await session.run(`SELECT ${exactSelectList(columns)} FROM t`, LIMIT);
  await session.run(schema.createSql.replace("`t`", "`copy`"), LIMIT);
  await engine.maintainFingerprint("copy");
  const rows = read.rows.map((row) =>
    `(${row.map((cell, at) => cellLiteral(cell, columns[at]?.kind ?? "text")).join()})`
  );
  const sql = `INSERT INTO copy (${names}) VALUES ${rows.join()}`;
  await session.run(sql, { ...LIMIT, copying: true });
  assert.deepEqual(await session.fingerprint("copy"), await session.fingerprint("t"));
}
