import assert from "node:assert/strict";
import type { Applier } from "./applier.ts";
import type { RegionCopy } from "./copy.ts";
import { Follower } from "./follower.ts";

/** A follower of server 1, whose log begins and ends at positions. */
async function following(first: number, last: number) {
  const cut: number[] = [];
  const log = {
    promised: () => "1",
    first: () => first,
    last: () => ({ epoch: 1, seq: last }),
    truncate: (_region: string, seq: number) => Promise.resolve(void cut.push(seq)),
  };
  const copy = {
    ...{ region: "r", unfit: "its rows are being copied", isLogWhole: true, tables: [] },
    ...{ held: { base: first - 1, epochs: [] }, applied: { value: 0 } },
    deps: { log, clock: { now: () => 0 } },
  } as unknown as RegionCopy;
  const follower = new Follower(copy, {} as Applier, "me");
  await follower.follow({ region: "r", epoch: 1, from: 1 }, true);
  const rewind = (seq: number) =>
    follower.rewind({ region: "r", epoch: 1, from: 1, to: "me", seq });
  return { rewind, cut };
}

Deno.test("follower: a log that has begun anew is not cut where it was before", async () => {
  const { rewind, cut } = await following(13, 14);
  await assert.rejects(rewind(11), { code: "BEHIND", message: /goes from 13 to 14/ });
  await assert.rejects(rewind(15), { code: "BEHIND", message: /goes from 13 to 14/ });
  await rewind(12);
  await rewind(14);
  assert.deepEqual(cut, [12, 14]);
});
