/** Sessions on fake ZooKeeper servers, closed with them after each test. */
import assert from "node:assert/strict";
import { TransportSession } from "../../src/adapters/coordinator/session.ts";
import { SystemClock } from "../../src/adapters/system_clock.ts";
import {
  ZookeeperCoordinator,
  type ZookeeperOptions,
} from "../../src/adapters/zookeeper/coordinator.ts";
import { CoordinatorError } from "../../src/ports/coordinator.ts";
import { withoutCrash } from "./crash_guard.ts";
import { FakeZookeeper, type Script } from "./fake_zookeeper.ts";
import { within } from "./wait.ts";

export const SESSION_MS = 1000;

export class ZookeeperBench {
  readonly clock = new SystemClock();
  readonly #fakes: FakeZookeeper[] = [];
  readonly #sessions: TransportSession[] = [];

  fake(script: Partial<Script> = {}, sessionMs = SESSION_MS): FakeZookeeper {
    const fake = new FakeZookeeper(script, sessionMs);
    this.#fakes.push(fake);
    return fake;
  }

  coordinator(connect: string, options: Partial<ZookeeperOptions> = {}): ZookeeperCoordinator {
    const { clock } = this;
    return new ZookeeperCoordinator({ connect, sessionTimeoutMs: SESSION_MS, clock, ...options });
  }

  async open(connect: string, options: Partial<ZookeeperOptions> = {}): Promise<TransportSession> {
    const session = await within("a session opens", this.coordinator(connect, options).open());
    assert.ok(session instanceof TransportSession);
    this.#sessions.push(session);
    return session;
  }

  /** A server with this script, and a session on it. */
  async serve(
    script: Partial<Script>,
    sessionMs = SESSION_MS,
  ): Promise<{ fake: FakeZookeeper; session: TransportSession }> {
    const fake = this.fake(script, sessionMs);
    return { fake, session: await this.open(fake.address) };
  }

  async close(): Promise<void> {
    await within("sessions close", Promise.all(this.#sessions.map((each) => each.close())));
    await within("servers close", Promise.all(this.#fakes.map((each) => each.close())));
  }
}

/** A test in which nothing may crash, hang or leak. */
export function zookeeperTest(what: string, body: (bench: ZookeeperBench) => Promise<void>): void {
  Deno.test(`zookeeper: ${what}`, async () => {
    const bench = new ZookeeperBench();
    await withoutCrash(async () => {
      try {
        await body(bench);
      } finally {
        await bench.close();
      }
    });
  });
}

/** Checks that the call ends with this code, within a limit. */
export async function fails(code: string, promise: Promise<unknown>): Promise<CoordinatorError> {
  const outcome = promise.then(() => null, (reason) => reason);
  const error = await within(`the call fails with ${code}`, outcome);
  assert.ok(error instanceof CoordinatorError, `${code} was expected, not ${error ?? "success"}`);
  assert.equal(error.code, code, error.message);
  return error;
}
