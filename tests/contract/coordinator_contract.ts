/** What every Coordinator promises, run on each adapter. */
import assert from "node:assert/strict";
import type { Clock } from "../../src/ports/clock.ts";
import {
  type Coordinator,
  CoordinatorError,
  type CoordinatorErrorCode,
  type Session,
} from "../../src/ports/coordinator.ts";
import { coordinatorNodes } from "./coordinator/nodes.ts";
import { coordinatorSessions } from "./coordinator/sessions.ts";
import { coordinatorWatches } from "./coordinator/watches.ts";

/** A client of the service, and what can be done to its connection. */
export interface ContractClient {
  readonly coordinator: Coordinator;
  /** The connection breaks, and no other can be made before `mend`. */
  cut(): void;
  /** Nothing passes any more, and nobody is told. */
  silence(): void;
  mend(): void;
}

export interface CoordinatorFixture {
  readonly clock: Clock;
  readonly sessionTimeoutMs: number;
  client(): ContractClient;
  /** Lets time pass until the promise settles or the condition holds; fails past a limit. */
  wait<T>(what: string, promise: Promise<T>): Promise<T>;
  until(what: string, condition: () => boolean | Promise<boolean>): Promise<void>;
  close(): Promise<void>;
}

/** A fixture with sessions that are closed after the test. */
export interface Bench extends CoordinatorFixture {
  /** A session on a client of its own. */
  open(): Promise<Session>;
  openOn(client: ContractClient): Promise<Session>;
}

export type BenchTest = (what: string, body: (bench: Bench) => Promise<void>) => void;

export function coordinatorContract(name: string, make: () => Promise<CoordinatorFixture>): void {
  const test: BenchTest = (what, body) => {
    Deno.test(`${name}: ${what}`, async () => {
      const fixture = await make();
      const sessions: Session[] = [];
      const openOn = async (client: ContractClient) => {
        const session = await fixture.wait("a session opens", client.coordinator.open());
        sessions.push(session);
        return session;
      };
      try {
        await body({ ...fixture, openOn, open: () => openOn(fixture.client()) });
      } finally {
        await fixture.wait(
          "the sessions close",
          Promise.all(sessions.map((session) => session.close())),
        );
        await fixture.close();
      }
    });
  };
  coordinatorNodes(test);
  coordinatorWatches(test);
  coordinatorSessions(test);
}

/** Checks that a promise is rejected with this code. */
export async function fails(
  code: CoordinatorErrorCode,
  promise: Promise<unknown>,
): Promise<CoordinatorError> {
  const error = await promise.then(() => null, (reason) => reason);
  assert.ok(error instanceof CoordinatorError, `${code} was expected, not ${error ?? "success"}`);
  assert.equal(error.code, code, error.message);
  assert.match(error.message, /^Cannot [^\n]+: [^\n]+[^.]$/);
  return error;
}

/** Whether the promise has settled, without waiting for it. */
export async function isPending(promise: Promise<unknown>): Promise<boolean> {
  const pending = {};
  return await Promise.race([promise, Promise.resolve(pending)]) === pending;
}
