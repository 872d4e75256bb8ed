/** How a process ends: by itself, by signals, by bugs. */
import assert from "node:assert/strict";
import { MemoryReporter } from "../adapters/memory_reporter.ts";
import { VirtualClock } from "../adapters/virtual_clock.ts";
import type { EndingSignal } from "./exit_codes.ts";
import { Interrupted, Process, type ProcessControl, type System } from "./process.ts";

/** An operating system that a test plays. */
class FakeSystem implements System {
  readonly clock = new VirtualClock();
  readonly signals = new Map<EndingSignal, () => void>();
  uncaught: ((error: unknown) => void) | null = null;
  stderr = "";

  onSignal(signal: EndingSignal, listener: () => void): () => void {
    this.signals.set(signal, listener);
    return () => void this.signals.delete(signal);
  }

  onUncaught(listener: (error: unknown) => void): () => void {
    this.uncaught = listener;
    return () => this.uncaught = null;
  }

  writeError(text: string): void {
    this.stderr += text;
  }

  send(signal: EndingSignal): void {
    const listener = this.signals.get(signal);
    assert.ok(listener, `nobody listens to ${signal}`);
    listener();
  }
}

/** Runs until the signal, then as `atStop` says. */
function untilStopped(atStop: () => Promise<number> = () => Promise.resolve(0)) {
  return async (control: ProcessControl) => {
    await control.stopped();
    return await atStop();
  };
}

const never = () => new Promise<number>(() => {});

Deno.test("process: the exit code is the program's, and listeners are taken off", async () => {
  const system = new FakeSystem();
  assert.equal(await new Process(system).run(() => Promise.resolve(7)), 7);
  assert.equal(system.signals.size, 0);
  assert.equal(system.uncaught, null);
  assert.equal(system.clock.nextAt, null);
});

Deno.test("process: SIGTERM asks for a graceful end, and its code is the program's", async () => {
  const system = new FakeSystem();
  let reason: unknown;
  const running = new Process(system).run(async (control) => {
    await untilStopped()(control);
    reason = control.stop.reason;
    return 0;
  });
  system.send("SIGTERM");
  assert.equal(await running, 0);
  assert.ok(reason instanceof Interrupted && reason.signal === "SIGTERM");
  assert.equal(system.clock.nextAt, null);
});

Deno.test("process: who waits for the stop after it came does not wait", async () => {
  const system = new FakeSystem();
  const running = new Process(system).run(async (control) => {
    system.send("SIGTERM");
    await control.stopped();
    return 0;
  });
  assert.equal(await running, 0);
});

Deno.test("process: a second signal ends at once, with its own code", async () => {
  for (const [signal, code] of [["SIGINT", 130], ["SIGTERM", 143], ["SIGHUP", 129]] as const) {
    const system = new FakeSystem();
    const running = new Process(system).run(untilStopped(never));
    system.send("SIGTERM");
    system.send(signal);
    assert.equal(await running, code);
  }
});

Deno.test("process: a graceful end that takes too long is cut short", async () => {
  const system = new FakeSystem();
  const reporter = new MemoryReporter();
  const running = new Process(system, { graceMs: 5000 }).run((control) => {
    control.reportTo(reporter);
    return untilStopped(never)(control);
  });
  system.send("SIGTERM");
  assert.ok(system.clock.step(5000));
  assert.equal(await running, 143);
  assert.deepEqual(reporter.lines.map((line) => line.message), [
    "Ending on SIGTERM; a second signal ends at once",
    "Ending now: not done 5000 ms after SIGTERM",
  ]);
});

Deno.test("process: SIGHUP reads settings again where somebody listens, else it ends", async () => {
  const system = new FakeSystem();
  let reloads = 0;
  const running = new Process(system).run((control) => {
    const release = control.onReload(() => {
      reloads++;
      if (reloads === 2) release();
    });
    return untilStopped(() => Promise.resolve(5))(control);
  });
  system.send("SIGHUP");
  system.send("SIGHUP");
  assert.equal(reloads, 2);
  system.send("SIGHUP");
  assert.equal(await running, 5);
});

Deno.test("process: SIGINT goes to whoever took it over, until it is given back", async () => {
  const system = new FakeSystem();
  let interrupts = 0;
  let giveBack = () => {};
  const running = new Process(system).run((control) => {
    giveBack = control.onInterrupt(() => interrupts++);
    return untilStopped()(control);
  });
  system.send("SIGINT");
  system.send("SIGINT");
  assert.equal(interrupts, 2);
  giveBack();
  system.send("SIGINT");
  assert.equal(await running, 0);
});

Deno.test("process: an error that nobody caught is told with its stack, and the code is 70", async () => {
  const system = new FakeSystem();
  const running = new Process(system).run(never);
  system.uncaught?.(new TypeError("oops"));
  system.uncaught?.(new TypeError("the same again, while it ends"));
  assert.equal(await running, 70);
  assert.match(
    system.stderr,
    /^minisql: crashed on a bug, please report it: TypeError: oops\n +at /,
  );
  assert.doesNotMatch(system.stderr, /again/);
});

Deno.test("process: what the program throws is a crash too, reported where the log goes", async () => {
  const system = new FakeSystem();
  const reporter = new MemoryReporter();
  const code = await new Process(system).run((control) => {
    control.reportTo(reporter);
    throw new RangeError("oops");
  });
  assert.equal(code, 70);
  assert.equal(system.stderr, "");
  assert.equal(reporter.lines[0]?.level, "fatal");
  assert.ok(reporter.lines[0]?.fields["error"] instanceof RangeError);
});

Deno.test("process: exit actions run last to first, however it ends, and failing ones hide none", async () => {
  for (const end of ["return", "crash", "signals"] as const) {
    const system = new FakeSystem();
    const done: string[] = [];
    const running = new Process(system).run((control) => {
      control.onExit(() => void done.push("first"));
      control.onExit(() => Promise.reject(new Error("stuck")));
      control.onExit(() => void done.push("gone"))();
      control.onExit(async () => {
        await Promise.resolve();
        done.push("last");
      });
      return end === "return" ? Promise.resolve(0) : never();
    });
    if (end === "crash") system.uncaught?.(new Error("oops"));
    if (end === "signals") ["SIGINT", "SIGINT"].forEach(() => system.send("SIGINT"));
    await running;
    assert.deepEqual(done, ["last", "first"], end);
  }
});

Deno.test("process: an exit action that never ends is not waited for", async () => {
  const system = new FakeSystem();
  const running = new Process(system, { lastWordsMs: 1000 }).run((control) => {
    control.onExit(() => new Promise(() => {}));
    return Promise.resolve(0);
  });
  while (system.clock.nextAt === null) await Promise.resolve();
  assert.ok(system.clock.step(1000));
  assert.equal(await running, 0);
});
