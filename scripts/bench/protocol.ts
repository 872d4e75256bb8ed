/** Round trips and streamed rows over loopback TCP, beside a bare NDJSON echo on the same machine. */
import { SystemClock } from "../../src/adapters/system_clock.ts";
import { SystemRandom } from "../../src/adapters/system_random.ts";
import { TcpNetwork } from "../../src/adapters/tcp_network.ts";
import type { Caller } from "../../src/rpc/caller.ts";
import { Channel } from "../../src/rpc/channel.ts";

const SECONDS = 2;
const STREAMED_ROWS = 300_000;

interface Sample {
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
}

/** Keeps `inFlight` calls going for a while and times each. */
async function measure(inFlight: number, call: () => Promise<unknown>): Promise<Sample> {
  const times: number[] = [];
  const end = performance.now() + SECONDS * 1000;
  const started = performance.now();
  await Promise.all(Array.from({ length: inFlight }, async () => {
    for (let from = performance.now(); from < end; from = performance.now()) {
      await call();
      times.push(performance.now() - from);
    }
  }));
  const seconds = (performance.now() - started) / 1000;
  times.sort((a, b) => a - b);
  const at = (share: number) => times[Math.floor(times.length * share)] ?? 0;
  return { perSecond: times.length / seconds, p50: at(0.5), p99: at(0.99) };
}

/** A caller without our RPC: ids, JSON and lines, nothing else. */
async function bareCaller(port: number): Promise<() => Promise<unknown>> {
  const conn = await Deno.connect({ hostname: "127.0.0.1", port });
  conn.setNoDelay(true);
  const pending = new Map<number, (value: unknown) => void>();
  const encoder = new TextEncoder();
  let nextId = 1;
  let queue = "";
  const write = async () => {
    const bytes = encoder.encode(queue);
    queue = "";
    for (let at = 0; at < bytes.length;) at += await conn.write(bytes.subarray(at));
  };
  void (async () => {
    const buffer = new Uint8Array(64 * 1024);
    const decoder = new TextDecoder();
    let rest = "";
    for (let n = await conn.read(buffer); n !== null; n = await conn.read(buffer)) {
      const lines = (rest + decoder.decode(buffer.subarray(0, n), { stream: true })).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        const { id, ok } = JSON.parse(line);
        pending.get(id)?.(ok);
        pending.delete(id);
      }
    }
  })();
  return () => {
    const id = nextId++;
    if (queue === "") queueMicrotask(() => void write());
    queue += `{"id":${id},"op":"jobs","within":30000}\n`;
    return new Promise((resolve) => pending.set(id, resolve));
  };
}

async function streamRows(caller: Caller): Promise<{ rows: number; ms: number }> {
  const started = performance.now();
  let rows = 0;
  const request = { region: "r", epoch: STREAMED_ROWS, sql: "select" };
  for await (const batch of caller.rows("query", request)) rows += batch.length;
  return { rows, ms: performance.now() - started };
}

function line(name: string, { perSecond, p50, p99 }: Sample, peer?: Sample): string {
  const ratio = peer === undefined ? "" : (perSecond / peer.perSecond).toFixed(2);
  return [
    name.padEnd(34),
    Math.round(perSecond).toLocaleString("en").padStart(10),
    p50.toFixed(3).padStart(9),
    p99.toFixed(3).padStart(9),
    ratio.padStart(7),
  ].join(" ");
}

export async function run(_args: readonly string[]): Promise<void> {
  const script = new URL("./protocol_server.ts", import.meta.url).pathname;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-net=127.0.0.1", script],
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  try {
    const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    const ports = JSON.parse((await reader.read()).value ?? "{}");
    void reader.cancel();
    await compare(ports);
  } finally {
    child.kill("SIGTERM");
    await child.status;
  }
}

async function compare(ports: { readonly rpc: number; readonly echo: number }): Promise<void> {
  const deps = { clock: new SystemClock(), random: new SystemRandom(), network: new TcpNetwork() };
  const channel = new Channel(deps, {
    address: { host: "127.0.0.1", port: ports.rpc },
    greeting: { cluster: "bench", role: "client", name: "bench" },
  });
  const { caller } = await channel.connect();
  const bare = await bareCaller(ports.echo);
  const call = () => caller.call("jobs", {});
  console.log(`${"".padEnd(34)}      /s      p50 ms    p99 ms   ratio`);
  await measure(64, call);
  await measure(64, bare);
  for (const inFlight of [1, 64]) {
    const peer = await measure(inFlight, bare);
    console.log(line(`bare NDJSON echo, ${inFlight} in flight`, peer));
    console.log(line(`minisql call, ${inFlight} in flight`, await measure(inFlight, call), peer));
  }
  await streamRows(caller);
  const { rows, ms } = await streamRows(caller);
  const perSecond = Math.round(rows / ms * 1000).toLocaleString("en");
  console.log(`${"rows of three columns, streamed".padEnd(34)} ${perSecond.padStart(10)}`);
  channel.close();
}
