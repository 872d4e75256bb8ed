/** The health check against real servers on loopback: well, starting, silent, closed, refusing. */
import assert from "node:assert/strict";
import { SystemClock } from "../adapters/system_clock.ts";
import { TcpNetwork } from "../adapters/tcp_network.ts";
import { MinisqlError } from "../protocol/errors.ts";
import { PROTOCOL_VERSION } from "../protocol/messages.ts";
import { RpcServer } from "../rpc/server.ts";
import type { ServingOptions } from "../rpc/serving.ts";
import { EXIT } from "./exit_codes.ts";
import { runInMemory } from "./memory_host.ts";

const network = new TcpNetwork();

function serverThat(hello: ServingOptions["hello"]): Promise<RpcServer> {
  return RpcServer.start({ clock: new SystemClock(), network }, { host: "127.0.0.1", port: 0 }, {
    handlers: { ping: () => Promise.resolve({}) },
    hello,
    onDefect: (error) => assert.fail(String(error)),
  });
}

const greeted = (ready: boolean): ServingOptions["hello"] => ({ cluster }) => {
  if (cluster !== "minisql") {
    throw new MinisqlError(
      "UNAUTHENTICATED",
      `Cannot join: this is cluster minisql, not ${cluster}`,
    );
  }
  return Promise.resolve({
    protocol: PROTOCOL_VERSION,
    role: "region",
    version: "1",
    rid: 1,
    ready,
  });
};

async function check(port: number, ...args: readonly string[]) {
  return await runInMemory(["healthcheck", `127.0.0.1:${port}`, ...args]);
}

/** A port that nobody listens on: it was free a moment ago. */
async function closedPort(): Promise<number> {
  const listener = await network.listen({ host: "127.0.0.1", port: 0 }, (link) => link.close());
  await listener.close();
  return listener.address.port;
}

Deno.test("healthcheck: a server that answers is well, one that is not ready only with --ready", async () => {
  const ready = await serverThat(greeted(true));
  const starting = await serverThat(greeted(false));
  try {
    const well = await check(ready.address.port, "--ready");
    assert.equal(well.code, EXIT.ok, well.err);
    assert.match(well.out, /^region at 127\.0\.0\.1:\d+ is ready \(\d+ ms\)\n$/);
    assert.equal((await check(starting.address.port)).code, EXIT.ok);
    const notYet = await check(starting.address.port, "--ready");
    assert.equal(notYet.code, EXIT.failed);
    assert.match(notYet.out, /is alive, not ready/);
  } finally {
    await Promise.all([ready.close(0), starting.close(0)]);
  }
});

Deno.test("healthcheck: a closed port and a refusal cannot be reached: exit code 3", async () => {
  const closed = await check(await closedPort());
  assert.equal(closed.code, EXIT.unreachable);
  assert.match(closed.err, /^minisql: Cannot reach 127\.0\.0\.1:\d+: connection refused\n$/);
  const server = await serverThat(greeted(true));
  try {
    const refused = await check(server.address.port, "--cluster=other");
    assert.equal(refused.code, EXIT.unreachable);
    assert.match(refused.err, /this is cluster minisql, not other/);
  } finally {
    await server.close(0);
  }
});

Deno.test("healthcheck: a server that says nothing in time is sick: exit code 1", async () => {
  const silent = await serverThat(() => new Promise(() => {}));
  try {
    const { code, err } = await check(silent.address.port, "--timeout=100ms");
    assert.equal(code, EXIT.failed);
    assert.match(err, /no answer within \d+ ms/);
  } finally {
    await silent.close(0);
  }
});

Deno.test("healthcheck: without an address it looks where MINISQL_LISTEN says", async () => {
  const server = await serverThat(greeted(true));
  try {
    const variables = { MINISQL_LISTEN: `0.0.0.0:${server.address.port}` };
    const { code, out } = await runInMemory(["healthcheck"], { variables });
    assert.equal(code, EXIT.ok);
    assert.match(out, new RegExp(`127\\.0\\.0\\.1:${server.address.port} is ready`));
  } finally {
    await server.close(0);
  }
});
