/** What becomes of a copy that has lost a vote. */
import assert from "node:assert/strict";
import { MinisqlError } from "../../protocol/errors.ts";
import type { Lost, ReadableReplica } from "../readable.ts";
import { giveUp, Outvoted } from "./outvoted.ts";

Deno.test("outvoted: the copy is given up once, and every reader is told", () => {
  const given: Lost[] = [];
  const replica = {
    rid: 4,
    refusal: () => given.length === 0 ? null : new MinisqlError("DIVERGED", "It is being repaired"),
    lose: (lost: Lost) => void given.push(lost),
  } as unknown as ReadableReplica;
  const lost = { table: "items", seq: 9, votes: "1:2", reason: "servers 1, 2 hold something else" };
  const told = [1, 2, 3].map(() => giveUp(new Outvoted(replica, lost)));
  assert.deepEqual(given, [lost]);
  assert.deepEqual(told.map(({ code, retry }) => `${code} ${retry}`), [
    ...["DIVERGED elsewhere", "DIVERGED elsewhere", "DIVERGED elsewhere"],
  ]);
  assert.match(told[0]?.message ?? "", /items on server 4: its copy lost a vote 1:2 at position 9/);
});
