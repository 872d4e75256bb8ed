/** What every Network promises, run on each adapter. */
import assert from "node:assert/strict";
import type { Address, Incoming, Link, Listener, Network } from "../../src/ports/network.ts";
import { MinisqlError } from "../../src/protocol/errors.ts";
import { until, within } from "../support/wait.ts";

export interface NetworkFixture {
  /** Where servers of the test listen; port 0 picks one. */
  readonly address: Address;
  readonly server: Network;
  readonly client: Network;
  close(): Promise<void>;
}

type Open = (options?: { readonly queuedBytesMax?: number }) => Promise<NetworkFixture>;

interface Pair {
  readonly near: Link;
  readonly far: Link;
  readonly listener: Listener;
}

async function connect(fixture: NetworkFixture): Promise<Pair> {
  const accepted = Promise.withResolvers<Link>();
  const listener = await fixture.server.listen(fixture.address, (link) => accepted.resolve(link));
  const near = await fixture.client.dial(listener.address, 5000);
  return { near, far: await within("the link is accepted", accepted.promise), listener };
}

async function receiveAll(link: Link): Promise<Incoming[]> {
  const lines: Incoming[] = [];
  for (let line = await link.receive(); line !== null; line = await link.receive()) {
    lines.push(line);
  }
  return lines;
}

function isUnavailable(pattern: RegExp) {
  return (error: unknown) => {
    assert.ok(error instanceof MinisqlError, String(error));
    assert.equal(error.code, "UNAVAILABLE");
    assert.match(error.message, pattern);
    return true;
  };
}

export function networkContract(name: string, open: Open): void {
  const test = (what: string, body: (fixture: NetworkFixture) => Promise<void>) => {
    Deno.test(`${name}: ${what}`, async () => {
      const fixture = await open();
      try {
        await body(fixture);
      } finally {
        await fixture.close();
      }
    });
  };
  const pairTest = (what: string, body: (pair: Pair) => Promise<void>) =>
    test(what, async (fixture) => {
      const pair = await connect(fixture);
      try {
        await body(pair);
      } finally {
        pair.near.close();
        pair.far.close();
        await pair.listener.close();
        await Promise.all([pair.near.closed, pair.far.closed]);
      }
    });

  lines(pairTest);
  endings(pairTest);
  dialling(test);
  pressure(name, open);
}

type PairTest = (what: string, body: (pair: Pair) => Promise<void>) => void;
type FixtureTest = (what: string, body: (fixture: NetworkFixture) => Promise<void>) => void;

function lines(pairTest: PairTest): void {
  pairTest("lines arrive in order and whole, both ways", async ({ near, far }) => {
    for (let i = 0; i < 2000; i++) {
      near.send(`${i} ${"é漢🦊".repeat(i % 50)}`);
      far.send(`back ${i}`);
    }
    for (let i = 0; i < 2000; i++) {
      assert.equal(await far.receive(), `${i} ${"é漢🦊".repeat(i % 50)}`);
      assert.equal(await near.receive(), `back ${i}`);
    }
  });

  pairTest("an empty line, U+2028 and a line of a megabyte are lines", async ({ near, far }) => {
    const sent = ["", "\u2028\u2029\u0085", "x".repeat(1024 * 1024), "end"];
    for (const line of sent) near.send(line);
    for (const line of sent) assert.equal(await within("a line", far.receive()), line);
  });

  pairTest("a line over 16 MiB is a fault, and the link can still answer", async (pair) => {
    pair.near.send("x".repeat(16 * 1024 * 1024 + 1));
    assert.deepEqual(await within("the fault", pair.far.receive()), { fault: "too_long" });
    pair.far.send("no");
    assert.equal(await within("the answer", pair.near.receive()), "no");
  });
}

function endings(pairTest: PairTest): void {
  pairTest("closing one end ends the other, after what was sent before", async ({ near, far }) => {
    near.send("last");
    void near.finish(5000);
    assert.deepEqual(await within("the end", receiveAll(far)), ["last"]);
    assert.match(await within("closed", far.closed), /closed by the peer/);
    await within("the near end closes too", near.closed);
  });

  pairTest("close ends a receive that waits, at both ends", async ({ near, far }) => {
    const waiting = [near.receive(), far.receive()];
    near.close();
    assert.deepEqual(await within("both receives", Promise.all(waiting)), [null, null]);
    assert.match(await near.closed, /closed by this side/);
  });

  pairTest("sending on a closed link does nothing", async ({ near, far }) => {
    near.close();
    assert.equal(await within("the end", far.receive()), null);
    near.send("lost");
    far.send("lost");
    assert.equal(await near.receive(), null);
    assert.equal(await far.receive(), null);
    await near.drained();
    await far.finish(10);
  });

  pairTest("finish ends within its limit though the peer never reads", async ({ near }) => {
    const line = "x".repeat(1024 * 1024);
    for (let i = 0; i < 30; i++) near.send(line);
    await within("finish gives up", near.finish(50), 5000);
  });
}

function dialling(test: FixtureTest): void {
  test("dialling where nobody listens is refused by name", async ({ client, server, address }) => {
    const listener = await server.listen(address, (link) => link.close());
    await listener.close();
    await assert.rejects(
      client.dial(listener.address, 5000),
      isUnavailable(/^Cannot reach .+:\d+: connection refused$/),
    );
  });

  test("listening twice on an address is refused by name", async ({ server, address }) => {
    const listener = await server.listen(address, (link) => link.close());
    await assert.rejects(
      server.listen(listener.address, () => {}),
      isUnavailable(/^Cannot listen on .+:\d+: the address is in use$/),
    );
    await listener.close();
  });

  test("a dial given up by its signal rejects with the signal's reason", async (fixture) => {
    const listener = await fixture.server.listen(fixture.address, (link) => link.close());
    const reason = new Error("enough");
    await assert.rejects(
      fixture.client.dial(listener.address, 5000, AbortSignal.abort(reason)),
      (error) => error === reason,
    );
    await listener.close();
  });

  test("links outlive their listener", async (fixture) => {
    const { near, far, listener } = await connect(fixture);
    await listener.close();
    near.send("still here");
    assert.equal(await within("a line", far.receive()), "still here");
    near.close();
    assert.equal(await within("the end", far.receive()), null);
  });
}

function pressure(name: string, open: Open): void {
  Deno.test(`${name}: drained waits until the peer has read`, async () => {
    const fixture = await open();
    const { near, far, listener } = await connect(fixture);
    const line = "x".repeat(256 * 1024);
    for (let i = 0; i < 40; i++) near.send(line);
    let drained = false;
    const waiting = near.drained().then(() => drained = true);
    await far.receive();
    assert.equal(drained, false);
    for (let i = 1; i < 40; i++) assert.equal(await far.receive(), line);
    await within("drained", waiting);
    near.close();
    assert.equal(await within("the end", far.receive()), null);
    await listener.close();
    await fixture.close();
  });

  Deno.test(`${name}: a peer that never reads has its link closed at the limit`, async () => {
    const fixture = await open({ queuedBytesMax: 1024 * 1024 });
    const { near, far, listener } = await connect(fixture);
    const line = "x".repeat(256 * 1024);
    let closed = "";
    void near.closed.then((why) => closed = why);
    await until("the link closes", () => {
      near.send(line);
      assert.ok(near.queuedBytes <= 1024 * 1024 + line.length + 1);
      return closed !== "";
    });
    assert.equal(closed, "the peer does not read");
    far.close();
    await listener.close();
    await fixture.close();
  });
}
