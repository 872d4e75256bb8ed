import assert from "node:assert/strict";
import { Gate } from "./gate.ts";

const patient = new AbortController().signal;

Deno.test("gate: who wants to be alone waits for all inside, and those after wait for it", async () => {
  const gate = new Gate();
  const order: string[] = [];
  const leaveA = await gate.enter(patient);
  const leaveB = await gate.enter(patient);
  const alone = gate.enter(patient, true).then((leave) => (order.push("alone"), leave));
  const later = gate.enter(patient).then((leave) => (order.push("later"), leave));
  leaveA();
  await Promise.resolve();
  assert.deepEqual(order, []);
  leaveB();
  (await alone)();
  (await later)();
  assert.deepEqual(order, ["alone", "later"]);
  assert.equal(gate.inside, 0);
});

Deno.test("gate: who is alone at once may let others in beside it, and leaves once", async () => {
  const gate = new Gate();
  const turn = gate.enterAloneNow();
  assert.ok(turn);
  assert.equal(gate.enterAloneNow(), null);
  const order: string[] = [];
  const beside = gate.enter(patient).then((leave) => (order.push("beside"), leave));
  const alone = gate.enter(patient, true).then((leave) => (order.push("alone"), leave));
  await Promise.resolve();
  assert.deepEqual(order, []);
  turn.share();
  turn.share();
  (await beside)();
  assert.deepEqual(order, ["beside"]);
  turn.leave();
  turn.leave();
  (await alone)();
  assert.equal(gate.inside, 0);
  const other = gate.enterAloneNow();
  other?.leave();
  other?.share();
  assert.equal(gate.inside, 0);
  (await gate.enter(patient))();
});

Deno.test("gate: nobody is alone at once where somebody is inside or waits", async () => {
  const gate = new Gate();
  const leave = await gate.enter(patient);
  assert.equal(gate.enterAloneNow(), null);
  const alone = gate.enter(patient, true);
  leave();
  assert.equal(gate.enterAloneNow(), null);
  (await alone)();
  gate.enterAloneNow()?.leave();
  assert.equal(gate.inside, 0);
});

Deno.test("gate: who stops waiting holds nobody up", async () => {
  const gate = new Gate();
  const leave = await gate.enter(patient);
  const stop = new AbortController();
  const alone = gate.enter(stop.signal, true);
  const later = gate.enter(patient);
  stop.abort(new Error("enough"));
  await assert.rejects(alone, /enough/);
  (await later)();
  leave();
  leave();
  assert.equal(gate.inside, 0);
  (await gate.enter(patient, true))();
});
