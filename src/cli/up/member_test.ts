/** Members of a cluster in one process live and die each by itself. */
import assert from "node:assert/strict";
import { MemoryCoordinator } from "../../adapters/memory_coordinator/coordinator.ts";
import { MemoryReporter } from "../../adapters/memory_reporter.ts";
import { SystemClock } from "../../adapters/system_clock.ts";
import { SystemRandom } from "../../adapters/system_random.ts";
import { TcpNetwork } from "../../adapters/tcp_network.ts";
import type { Session } from "../../ports/coordinator.ts";
import { MinisqlError } from "../../protocol/errors.ts";
import { Caller } from "../../rpc/caller.ts";
import { RpcServer } from "../../rpc/server.ts";
import { until } from "../../../tests/support/wait.ts";
import { Events } from "./events.ts";
import { Member, type Program, type Surroundings, type World } from "./member.ts";

const SESSION_MS = 300;

function world(): World {
  const clock = new SystemClock();
  return {
    clock,
    random: new SystemRandom(),
    network: new TcpNetwork(),
    coordinator: new MemoryCoordinator({ clock }, { sessionTimeoutMs: SESSION_MS }),
    reporter: new MemoryReporter(),
    events: new Events(clock),
  };
}

/** What the program of a member had in its hands, for a look at what that is worth after its end. */
interface Hands {
  session?: Session;
}

/** Answers pings, and has a node while it lives. */
const program: Program = (around) => programWith({}, around);

async function programWith(hands: Hands, around: Surroundings): ReturnType<Program> {
  const server = await RpcServer.start(around, { host: "127.0.0.1", port: 0 }, {
    hello: () => Promise.resolve({ protocol: 1, role: "region", version: "test", ready: true }),
    onDefect: () => {},
    handlers: {},
  });
  const session = await around.coordinator.open(new AbortController().signal);
  hands.session = session;
  await session.create("/lives", "", "ephemeral");
  const run = async (signal: AbortSignal) => {
    if (!signal.aborted) {
      await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
    }
    await session.close();
    await server.close(0);
  };
  return { address: server.address, run };
}

async function answers(place: World, member: Member, withinMs = 100): Promise<boolean> {
  assert.ok(member.address);
  try {
    const caller = new Caller(await place.network.dial(member.address, withinMs), place);
    try {
      const hello = { protocol: 1, cluster: "c", role: "check", name: "test" } as const;
      await caller.call("hello", hello, { timeoutMs: withinMs });
      return true;
    } finally {
      caller.close();
    }
  } catch (error) {
    assert.ok(error instanceof MinisqlError);
    return false;
  }
}

function hasNode(place: World): boolean {
  return place.coordinator.tree.get("/lives") !== null;
}

Deno.test("member: one that is killed is refused at once, and missed after its session", async () => {
  const place = world();
  const member = new Member(place, "r1", program);
  await member.start();
  assert.ok(await answers(place, member));
  await member.kill();
  assert.equal(member.state, "down");
  assert.equal(await answers(place, member), false);
  assert.ok(hasNode(place), "nobody has said goodbye");
  await until("its session expires", () => !hasNode(place), 2000);
  await member.start();
  assert.ok(await answers(place, member));
  assert.ok(hasNode(place));
  await member.stop();
});

Deno.test("member: what was under way in one that is killed changes nothing any more", async () => {
  const place = world();
  const hands: Hands = {};
  const member = new Member(place, "r1", (around) => programWith(hands, around));
  await member.start();
  assert.ok(hands.session);
  await hands.session.create("/before", "", "persistent");
  await member.kill();
  void hands.session.create("/after", "", "persistent").catch(() => {});
  await until("its session expires", () => !hasNode(place), 2000);
  assert.notEqual(place.coordinator.tree.get("/before"), null);
  assert.equal(place.coordinator.tree.get("/after"), null);
});

Deno.test("member: one that is paused or cut off is silent, and answers once it is healed", async () => {
  const place = world();
  const member = new Member(place, "r1", program);
  await member.start();
  for (const state of ["paused", "cut off"] as const) {
    if (state === "paused") member.pause();
    else member.cutOff();
    assert.equal(member.state, state);
    assert.equal(await answers(place, member), false);
    member.heal();
    assert.ok(await answers(place, member));
  }
  member.cutOff();
  await until("its session expires", () => !hasNode(place), 2000);
  await member.stop();
});

Deno.test("member: one that is stopped says goodbye, also when it was held", async () => {
  const place = world();
  const member = new Member(place, "r1", program);
  await member.start();
  member.pause();
  await member.stop();
  assert.ok(!hasNode(place));
  assert.equal(await answers(place, member), false);
});

Deno.test("member: what keeps it from starting is told, and what ends it is reported", async () => {
  const place = world();
  const reporter = place.reporter as MemoryReporter;
  const bad = new Member(place, "r1", () => Promise.reject(new Error("no room")));
  await assert.rejects(bad.start(), /no room/);
  assert.equal(bad.state, "down");
  const brief = new Member(place, "r2", () =>
    Promise.resolve({
      address: { host: "127.0.0.1", port: 1 },
      run: () => Promise.reject(new Error("turned away")),
    }));
  await brief.start();
  await until("it is down", () => brief.state === "down");
  assert.ok(reporter.lines.some(({ message }) => message === "r2 has ended: turned away"));
});
