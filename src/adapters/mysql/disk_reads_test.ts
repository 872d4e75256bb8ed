/** When lookups are taken to wait for the database's disk. */
import assert from "node:assert/strict";
import { settle } from "../../../tests/support/wait.ts";
import { VirtualClock } from "../virtual_clock.ts";
import type { Channel } from "./channel.ts";
import { DiskReads } from "./disk_reads.ts";

interface Server {
  pages: number;
  asked: number;
  isGone: boolean;
}

function made(): { clock: VirtualClock; server: Server; reads: DiskReads } {
  const clock = new VirtualClock();
  const server: Server = { pages: 1000, asked: 0, isGone: false };
  const command = () => {
    server.asked++;
    if (server.isGone) return Promise.reject(new Error("gone"));
    return Promise.resolve({ rows: [["Innodb_buffer_pool_reads", String(server.pages)]] });
  };
  const channel = { command } as unknown as Channel;
  return { clock, server, reads: new DiskReads(clock, { use: (action) => action(channel) }) };
}

/** A second of lookups, for which the server reads so many pages. */
async function second(
  { clock, server, reads }: ReturnType<typeof made>,
  lookups: number,
  pages: number,
): Promise<boolean> {
  for (let at = 0; at < 10; at++) reads.note(lookups / 10);
  server.pages += pages;
  await clock.advance(1000, settle);
  reads.note(1);
  await settle();
  return reads.areCommon;
}

Deno.test("disk reads: more than one page for twenty lookups is many", async () => {
  const world = made();
  assert.equal(world.reads.areCommon, false);
  await second(world, 1000, 900);
  assert.equal(await second(world, 1000, 10), false);
  assert.equal(await second(world, 1000, 100), true);
  assert.equal(await second(world, 1000, 40), false);
});

Deno.test("disk reads: the server is asked once a second, and not at all while nobody looks up", async () => {
  const world = made();
  for (let at = 0; at < 5; at++) await second(world, 1000, 10);
  assert.equal(world.server.asked, 6);
  await world.clock.advance(60_000, settle);
  assert.equal(world.server.asked, 6);
});

Deno.test("disk reads: a server that does not say changes nothing", async () => {
  const world = made();
  await second(world, 1000, 0);
  assert.equal(await second(world, 1000, 500), true);
  world.server.isGone = true;
  assert.equal(await second(world, 1000, 0), true);
});
