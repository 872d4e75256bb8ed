/** A member's network stops without a word and goes on, or ends at once; its peers see a network. */
import assert from "node:assert/strict";
import { SystemClock } from "../../adapters/system_clock.ts";
import { TcpNetwork } from "../../adapters/tcp_network.ts";
import type { Incoming, Link } from "../../ports/network.ts";
import { MinisqlError } from "../../protocol/errors.ts";
import { within } from "../../../tests/support/wait.ts";
import { HeldNetwork } from "./held_network.ts";

const clock = new SystemClock();
const ANY = { host: "127.0.0.1", port: 0 };
const LIMIT_MS = 5000;

/** A link from the outside to a member that listens, seen from both sides. */
async function linked() {
  const outside = new TcpNetwork();
  const network = new HeldNetwork(outside, clock);
  const accepted = Promise.withResolvers<Link>();
  const listener = await network.listen(ANY, (link) => accepted.resolve(link));
  const theirs = await outside.dial(listener.address, LIMIT_MS);
  const mine = await accepted.promise;
  const close = async () => {
    theirs.close();
    mine.close();
    await listener.close();
  };
  return { outside, network, listener, theirs, mine, close };
}

function received(link: Link): Promise<Incoming | null> {
  return within("a line or the end arrives", link.receive(), LIMIT_MS);
}

/** `pending`, where the promise has not settled within a moment that is long for a local link. */
async function soon<T>(promise: Promise<T>): Promise<T | "pending"> {
  const disarm = Promise.withResolvers<"pending">();
  const callOff = clock.after(100, () => disarm.resolve("pending"));
  try {
    return await Promise.race([promise, disarm.promise]);
  } finally {
    callOff();
  }
}

Deno.test("held network: lines wait on both ways, and arrive in order afterwards", async () => {
  const { network, theirs, mine, close } = await linked();
  theirs.send("before");
  assert.equal(await received(mine), "before");
  network.hold();
  for (const line of ["one", "two"]) {
    theirs.send(line);
    mine.send(line);
  }
  const [there, here] = [received(theirs), received(mine)];
  assert.equal(await soon(Promise.race([there, here])), "pending");
  network.release();
  assert.deepEqual([await there, await here], ["one", "one"]);
  assert.deepEqual([await received(theirs), await received(mine)], ["two", "two"]);
  await close();
});

Deno.test("held network: a member that is held reaches nobody, and nobody reaches it", async () => {
  const { outside, network, listener, close } = await linked();
  const far = await outside.listen(ANY, (link) => link.close());
  network.hold();
  await assert.rejects(
    network.dial(far.address, 20),
    (error) => error instanceof MinisqlError && /no answer within 20 ms/.test(error.message),
  );
  const knock = await outside.dial(listener.address, LIMIT_MS);
  assert.equal(await soon(knock.receive()), "pending");
  network.release();
  knock.close();
  await far.close();
  await close();
});

Deno.test("held network: closing while held is told to the other side later", async () => {
  const { network, theirs, mine, close } = await linked();
  network.hold();
  mine.close();
  assert.equal(await mine.closed, "closed by this side");
  const end = received(theirs);
  assert.equal(await soon(end), "pending");
  network.release();
  assert.equal(await end, null);
  await close();
});

Deno.test("held network: at the end peers see broken links, the member sees nothing", async () => {
  const { outside, network, listener, theirs, mine } = await linked();
  const line = mine.receive();
  await network.end();
  assert.equal(await received(theirs), null);
  assert.equal(await soon(Promise.race([line, mine.closed])), "pending");
  // Its port is free for its next life.
  await (await outside.listen(listener.address, () => {})).close();
  assert.equal(await soon(network.dial(listener.address, 10).catch(() => "told")), "pending");
});
