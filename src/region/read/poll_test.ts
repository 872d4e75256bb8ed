/** What is remembered of votes, and for how long. */
import assert from "node:assert/strict";
import { VirtualClock } from "../../adapters/virtual_clock.ts";
import type { Fingerprint } from "../../ports/engine.ts";
import { MinisqlError } from "../../protocol/errors.ts";
import type { ReadableReplica } from "../readable.ts";
import { READ_LIMITS } from "./limits.ts";
import { type Claim, Poll } from "./poll.ts";

const HELD: Fingerprint = { rows: 1, sum: "7", schema: "0000000a" };
const OTHER: Fingerprint = { ...HELD, sum: "8" };
const signal = new AbortController().signal;

/** A copy whose two peers hold the same, as long as they do not dissent, and answer. */
function bench(votesKept: number) {
  const asked: string[] = [];
  const patience: number[] = [];
  const silent = new Set<number>();
  const dissenting = new Set<number>();
  const peers = [2, 3].map((rid) => ({
    rid,
    call: (
      _op: string,
      { seq, tables }: { seq: number; tables: readonly string[] },
      { timeoutMs }: { timeoutMs: number },
    ) => {
      asked.push(`${rid} at ${seq}`);
      patience.push(timeoutMs);
      return silent.has(rid)
        ? Promise.reject(new MinisqlError("TIMEOUT", "No answer"))
        : Promise.resolve({
          rid,
          fingerprints: tables.map(() => dissenting.has(rid) ? OTHER : HELD),
          applied: seq,
          primary: false,
        });
    },
  }));
  const among = { peers };
  const replica = {
    ...{ region: "r", rid: 1, epoch: 1, isPrimary: true, applied: 100 },
    peers: () => among.peers,
    fingerprintAt: () => HELD,
  } as unknown as ReadableReplica;
  const poll = new Poll({ clock: new VirtualClock(), limits: { ...READ_LIMITS, votesKept } });
  const claim = (seq: number, tables: readonly string[] = ["t"]): Claim => ({
    ...{ replica, seq, tables, isChanging: false },
    fingerprints: tables.map(() => HELD),
  });
  return { poll, asked, patience, silent, dissenting, among, claim };
}

Deno.test("poll: what all are known to hold is told at once, to whoever claims just that", async () => {
  const { poll, among, claim } = bench(10);
  assert.equal(poll.known(claim(1)), null);
  await poll.pass(claim(1), signal);
  await poll.pass(claim(1), signal);
  assert.deepEqual(poll.known(claim(1))?.agree, [1, 2, 3]);
  assert.equal(poll.known(claim(2)), null);
  assert.equal(poll.known(claim(1, ["t", "u"])), null);
  assert.equal(poll.known({ ...claim(1), fingerprints: [OTHER] }), null);
  among.peers = among.peers.slice(1);
  assert.equal(poll.known(claim(1)), null);
  await poll.pass(claim(1), signal);
  assert.deepEqual(poll.known(claim(1))?.agree, [1, 3]);
});

for (const [what, set] of [["dissents", "dissenting"], ["is silent", "silent"]] as const) {
  Deno.test(`poll: nothing is told at once where one ${what}`, async () => {
    const { poll, claim, ...others } = bench(10);
    others[set].add(3);
    for (let times = 0; times < 3; times++) {
      assert.equal((await poll.take(claim(1), signal)).outcome, "won");
    }
    assert.equal(poll.known(claim(1)), null);
  });
}

Deno.test("poll: each position is asked for once, as long as it is remembered", async () => {
  const { poll, asked, claim } = bench(2);
  await poll.pass(claim(1), signal);
  await poll.pass(claim(1), signal);
  assert.deepEqual(asked.splice(0), ["2 at 1", "3 at 1"]);
  await poll.pass(claim(2), signal);
  await poll.pass(claim(3), signal);
  asked.length = 0;
  await poll.pass(claim(3), signal);
  assert.deepEqual(asked, []);
  await poll.pass(claim(1), signal);
  assert.equal(asked.length, 2);
});

Deno.test("poll: silence is not remembered, what was said is", async () => {
  const { poll, asked, silent, claim } = bench(9);
  silent.add(2).add(3);
  assert.deepEqual((await poll.take(claim(1), signal)).agree, [1]);
  silent.delete(3);
  assert.deepEqual((await poll.take(claim(1), signal)).agree, [1, 3]);
  asked.length = 0;
  await poll.take(claim(1), signal);
  assert.deepEqual(asked, []);
});

Deno.test("poll: whoever was silent is not waited for as long, until it is heard again", async () => {
  const { poll, patience, silent, claim } = bench(9);
  const { voteMs, silentVoteMs } = READ_LIMITS;
  silent.add(2).add(3);
  await poll.take(claim(1), signal);
  await poll.take(claim(2), signal);
  silent.delete(3);
  await poll.take(claim(3), signal);
  await poll.take(claim(4), signal);
  assert.deepEqual(patience, [
    ...[voteMs, voteMs, silentVoteMs, silentVoteMs],
    ...[silentVoteMs, silentVoteMs, silentVoteMs, voteMs],
  ]);
});

Deno.test("poll: many tables are asked for in several votes, all of which must agree", async () => {
  const { poll, asked, claim } = bench(9);
  const tables = Array.from({ length: 130 }, (_, at) => `t${at}`);
  assert.equal((await poll.take(claim(1, tables), signal)).outcome, "won");
  assert.equal(asked.length, 6);
});

Deno.test("poll: a primary that was found wrong decides nothing when fewer are left to ask", async () => {
  const answer = { rid: 2, fingerprints: [{ ...HELD, sum: "8" }], applied: 1, primary: true };
  const call = () => Promise.resolve(answer);
  const replica = {
    ...{ region: "r", rid: 1, epoch: 1, isPrimary: false, applied: 1, outvotedPrimary: null },
    peers: () => [{ rid: 2, call }],
    fingerprintAt: () => HELD,
  } as unknown as ReadableReplica;
  const outcome = async (outvotedPrimary: number | null) => {
    const poll = new Poll({ clock: new VirtualClock(), limits: READ_LIMITS });
    const claim: Claim = {
      ...{ replica: { ...replica, outvotedPrimary }, seq: 1, tables: ["t"], isChanging: false },
      fingerprints: [HELD],
    };
    return (await poll.take(claim, signal)).outcome;
  };
  assert.deepEqual([await outcome(null), await outcome(2)], ["lost", "undecided"]);
});
