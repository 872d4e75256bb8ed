/**
 * Ten million random and mutated bytes into a listening socket: no crash, no hang, flat memory, and
 * an error line for each bad frame. A failure prints its seed; MINISQL_SEED replays it.
 */
import assert from "node:assert/strict";
import { SeededRandom } from "../src/adapters/seeded_random.ts";
import type { Address } from "../src/ports/network.ts";
import { decodeCallerLine, encodeCall } from "../src/protocol/codec.ts";
import { LineSplitter } from "../src/protocol/framing.ts";
import { greeting } from "./support/rpc.ts";
import { within } from "./support/wait.ts";

const TOTAL_BYTES = 10_000_000;
const CONNECTION_BYTES = 500_000;
const WARM_BYTES = CONNECTION_BYTES * 4;
const GROWTH_BYTES_MAX = 64 * 1024 * 1024;
/** Names the call whose answer shows that everything before it has been dealt with. */
const LAST_ID = 4_000_000_000;

const encoder = new TextEncoder();

const samples: readonly string[] = [
  encodeCall(1, "hello", null, { protocol: 1, ...greeting }),
  encodeCall(2, "ping", 1000, {}),
  encodeCall(3, "query", 5, { region: "r", epoch: 1, sql: "select '漢\u2028🦊'" }),
  encodeCall(4, "locate", 50, { tables: ["a", "b"] }),
  '{"id":5,"op":"cancel"}',
  '{"id":6,"op":"more","lines":4}',
  '{"id":7,"op":"ping","__proto__":{"x":1},"constructor":1}',
  '{"id":1e400,"op":"ping"}',
  "[".repeat(2000),
];

function noise(random: SeededRandom): Uint8Array {
  const bytes = new Uint8Array(1 + Math.floor(random.next() * 400));
  for (let at = 0; at < bytes.length; at++) bytes[at] = Math.floor(random.next() * 256);
  return bytes;
}

/** A good line with some bytes changed, cut out, doubled or put in. */
function mutant(random: SeededRandom): Uint8Array {
  const sample = samples[Math.floor(random.next() * samples.length)] as string;
  let bytes: number[] = [...encoder.encode(sample)];
  for (let left = Math.floor(random.next() * 4); left > 0; left--) {
    const at = Math.floor(random.next() * (bytes.length + 1));
    const length = Math.floor(random.next() * 6);
    const what = random.next();
    if (what < 0.3) bytes[at] = Math.floor(random.next() * 256);
    else if (what < 0.6) bytes.splice(at, length);
    else if (what < 0.8) bytes = [...bytes, ...bytes.slice(at, at + length)];
    else bytes.splice(at, 0, ...noise(random).subarray(0, length));
  }
  return new Uint8Array([...bytes.map((byte) => byte ?? 0), 10]);
}

/** Bytes for one connection, and how many lines must come back for them. */
function attack(random: SeededRandom): { readonly bytes: Uint8Array; readonly answers: number } {
  const greet = encodeCall(3_999_999_999, "hello", null, { protocol: 1, ...greeting });
  const parts: Uint8Array[] = [encoder.encode(random.next() < 0.7 ? `${greet}\n` : "")];
  let length = 0;
  while (length < CONNECTION_BYTES) {
    const part = random.next() < 0.3 ? noise(random) : mutant(random);
    parts.push(part);
    length += part.length;
  }
  parts.push(encoder.encode(`\n${encodeCall(LAST_ID, "ping", null, {})}\n`));
  const bytes = new Uint8Array(parts.flatMap((part) => [...part]));
  let answers = 0;
  for (const line of new LineSplitter().push(bytes)) {
    const frame = typeof line === "string" ? decodeCallerLine(line) : null;
    if (frame?.kind !== "cancel" && frame?.kind !== "more") answers++;
  }
  return { bytes, answers };
}

/** Sends the bytes in pieces of any size and counts what comes back. */
async function run(address: Address, random: SeededRandom): Promise<void> {
  const { bytes, answers } = attack(random);
  const { host: hostname, port } = address;
  using conn = await Deno.connect({ hostname, port });
  const writing = (async () => {
    for (let at = 0; at < bytes.length;) {
      const end = at + 1 + Math.floor(random.next() ** 3 * 60_000);
      at += await conn.write(bytes.subarray(at, end));
    }
  })();
  const splitter = new LineSplitter();
  const buffer = new Uint8Array(64 * 1024);
  let seen = 0;
  let last = false;
  while (!last) {
    const count = await conn.read(buffer);
    assert.notEqual(count, null, "the server hung up");
    for (const line of splitter.push(buffer.subarray(0, count ?? 0))) {
      assert.equal(typeof line, "string");
      const { id, ok, error } = JSON.parse(line as string);
      assert.ok(ok !== undefined || typeof error.code === "string", String(line));
      seen++;
      last ||= id === LAST_ID;
    }
  }
  await writing;
  assert.equal(seen, answers);
}

/** The resident memory of a process, in bytes. */
async function residentBytes(pid: number): Promise<number> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  return Number(/VmRSS:\s*(\d+) kB/.exec(status)?.[1]) * 1024;
}

Deno.test("fuzz: ten million bytes leave the server well, and each bad line is answered", async () => {
  const seed = Number(Deno.env.get("MINISQL_SEED") ?? Math.floor(Math.random() * 2 ** 32));
  const random = new SeededRandom(seed);
  const main = new URL("./support/rpc_server_main.ts", import.meta.url).pathname;
  const server = new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-net=127.0.0.1", main],
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const output = server.stdout.pipeThrough(new TextDecoderStream()).getReader();
  try {
    const address = { host: "127.0.0.1", port: Number((await output.read()).value) };
    let before = 0;
    for (let sent = 0; sent < TOTAL_BYTES; sent += CONNECTION_BYTES) {
      await within("a connection's attack is answered", run(address, random), 30_000);
      // The first connections fill caches, compile code and size the heap.
      if (sent === WARM_BYTES) before = await residentBytes(server.pid);
    }
    const growth = await residentBytes(server.pid) - before;
    assert.ok(growth < GROWTH_BYTES_MAX, `memory grew by ${growth} bytes`);
  } catch (error) {
    console.error(`replay: MINISQL_SEED=${seed} deno test -A tests/fuzz_test.ts`);
    throw error;
  } finally {
    server.kill("SIGTERM");
    await server.status;
    await output.cancel();
  }
});
