import assert from "node:assert/strict";
import { SessionClock } from "./session_clock.ts";

Deno.test("session clock: a granted connection is certain for three quarters", () => {
  const life = new SessionClock();
  life.connected(1000, 4000);
  assert.deepEqual([life.certainUntil, life.silentUntil], [4000, 5400]);
});

Deno.test("session clock: an answered probe makes the one before it certain", () => {
  const life = new SessionClock();
  life.connected(1000, 4000);
  life.answered(2000);
  assert.deepEqual([life.certainUntil, life.silentUntil], [4000, 6400]);
  life.answered(3000);
  assert.deepEqual([life.certainUntil, life.silentUntil], [5000, 7400]);
});

Deno.test("session clock: after a gap only what came before the gap is certain", () => {
  const life = new SessionClock();
  life.connected(0, 4000);
  life.answered(1000);
  life.answered(3500);
  assert.equal(life.certainUntil, 4000);
});

Deno.test("session clock: certainty never moves back, not by a shorter session either", () => {
  const life = new SessionClock();
  life.connected(0, 40_000);
  life.connected(1000, 4000);
  assert.equal(life.certainUntil, 30_000);
});
