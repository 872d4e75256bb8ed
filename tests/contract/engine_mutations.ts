/** Engine contract: a sample of the mutations that fingerprints must see, in the engine itself. */
import assert from "node:assert/strict";
import type { Engine, EngineSession } from "../../src/ports/engine.ts";
import type { Row } from "../../src/protocol/values.ts";
import { cellLiteral } from "../../src/sql/cell_literal.ts";
import { ContentSum, RowChecksum } from "../../src/sql/fingerprint.ts";
import { COLUMNS, Draw } from "../support/content_draw.ts";
import { mutated } from "../support/content_mutations.ts";
import { assertInStep, type EngineContract, LIMIT, sessionTest } from "./engine_fixture.ts";

const SAMPLE = 150;
const CREATE = `CREATE TABLE t (${
  COLUMNS.map(({ name, type, collation }) =>
    `${name} ${type}${collation === undefined ? "" : ` COLLATE ${collation}`}`
  ).join()
})`;

export function mutationContract(contract: EngineContract): void {
  sessionTest(
    contract,
    "a sample of mutations is seen, no reordering is",
    async (session, engine) => {
      const seed = Math.floor(Math.random() * 2 ** 32);
      const draw = new Draw(seed);
      await session.run(CREATE, LIMIT);
      await engine.maintainFingerprint("t");
      for (let count = 0; count < SAMPLE; count++) {
        const { what, before, after } = mutated(draw);
        const said = `${what} (seed ${seed})`;
        const first = await contentOf(engine, session, before);
        assert.equal(first, countedHere(before), said);
        assert.notEqual(await contentOf(engine, session, after), first, said);
        assert.equal(await contentOf(engine, session, draw.shuffled(before)), first, said);
        await session.commit();
      }
    },
  );
}

async function contentOf(
  engine: Engine,
  session: EngineSession,
  rows: readonly Row[],
): Promise<string> {
  await session.run("DELETE FROM t", LIMIT);
  if (rows.length > 0) {
    const values = rows.map((row) =>
      `(${row.map((cell, at) => cellLiteral(cell, COLUMNS[at]?.kind ?? "text")).join()})`
    );
    await session.run(`INSERT INTO t VALUES ${values.join()}`, { ...LIMIT, copying: true });
  }
  const { rows: count, sum } = await assertInStep(engine, session, "t");
  return `${count}:${sum}`;
}

/** From the values that were drawn, before any engine had them. */
function countedHere(rows: readonly Row[]): string {
  const checksum = new RowChecksum(COLUMNS);
  const content = new ContentSum();
  for (const row of rows) content.add(checksum.of(row));
  return `${content.rows}:${content.sum}`;
}
