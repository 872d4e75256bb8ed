import assert from "node:assert/strict";
import type { Copy, StoredRow } from "./copies.ts";
import { Journal, type Outcome } from "./journal.ts";
import { judge } from "./verdict.ts";

const ID = 1_000_000_000;

/** A copy that gives its rows two at a time. */
function copyOf(rows: readonly StoredRow[]): Copy {
  return {
    rowsAfter: (after) => Promise.resolve(rows.filter(([id]) => id > after).slice(0, 2)),
  };
}

function told(outcome: Outcome) {
  return { writer: 0, sentAt: 0, toldAt: 1, outcome, epoch: 1 };
}

/** Two ids acknowledged, one refused, one unknown; three increments, one of them unknown. */
function journal(): Journal {
  const journal = new Journal();
  journal.insert(ID, told("done"));
  journal.insert(ID + 1, told("done"));
  journal.insert(ID + 2, told("refused"));
  journal.insert(ID + 3, told("unknown"));
  for (const outcome of ["done", "done", "unknown"] as const) journal.increment(told(outcome));
  return journal;
}

async function faultsOf(...copies: readonly (readonly StoredRow[])[]): Promise<string> {
  return (await judge(copies.map(copyOf), journal())).faults.join("; ");
}

const COUNTER: StoredRow = [0, 0, 2];
const [ONE, TWO, THREE]: readonly StoredRow[] = [[ID, 0, 0], [ID + 1, 0, 0], [ID + 2, 0, 0]];
const UNKNOWN: StoredRow = [ID + 3, 0, 0];
const RIGHT = [COUNTER, ONE, TWO] as readonly StoredRow[];

Deno.test("verdict: what was told and all copies agree", async () => {
  assert.equal(await faultsOf(RIGHT, RIGHT, RIGHT), "");
  assert.deepEqual(await judge([copyOf(RIGHT)], journal()), { rows: 3, faults: [] });
});

Deno.test("verdict: what nobody knows may be there, once", async () => {
  assert.equal(await faultsOf([[0, 0, 3], ...RIGHT.slice(1), UNKNOWN]), "");
  assert.match(await faultsOf([[0, 0, 4], ...RIGHT.slice(1)]), /counter 0 is 4 after 2 to 3/);
});

Deno.test("verdict: an acknowledged write that is gone is told", async () => {
  assert.match(await faultsOf(RIGHT.slice(0, 2)), /acknowledged id 1000000001 is lost/);
  assert.match(await faultsOf([[0, 0, 1], ...RIGHT.slice(1)]), /counter 0 is 1 after 2 to 3/);
  assert.match(await faultsOf(RIGHT.slice(1)), /counter 0 is -1/);
});

Deno.test("verdict: what was refused, or never sent, must not be there", async () => {
  assert.match(await faultsOf([...RIGHT, THREE as StoredRow]), /refused id 1000000002 is there/);
  assert.match(await faultsOf([...RIGHT, [ID + 9, 0, 0]]), /id 1000000009 was never sent/);
});

Deno.test("verdict: copies that differ are told, wherever they do", async () => {
  const [changed, short] = [[COUNTER, [ID, 0, 1], TWO], RIGHT.slice(0, 2)];
  assert.match(await faultsOf(RIGHT, RIGHT, changed as StoredRow[]), /copy 3 .* 1000000000,0,1/);
  assert.match(await faultsOf(RIGHT, short, RIGHT), /copy 2 .* no row in place of 1000000001/);
  assert.match(await faultsOf(short, RIGHT), /copy 2 .* in place of no row/);
});

Deno.test("journal: an outage ends with the first write of a later epoch", () => {
  const journal = new Journal();
  const done = (writer: number, toldAt: number, epoch: number) =>
    journal.increment({ writer, sentAt: toldAt - 10, toldAt, outcome: "done", epoch });
  done(0, 100, 1);
  assert.equal(journal.resumedAfter(1), null);
  done(1, 200, 2);
  done(0, 210, 2);
  done(0, 220, 2);
  assert.equal(journal.resumedAfter(1), 200);
  assert.deepEqual(journal.waitsAfter(1), [10, 10]);
});
