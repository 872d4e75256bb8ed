/** The names that reach out of the process, each with what to use in their place. */

const CLOCK = "ports/clock.ts";
const RANDOM = "ports/random.ts";
const NETWORK = "ports/network.ts";
const REPORTER = "ports/reporter.ts";
const A_PORT = "a port (src/ports)";
const NAMED_GLOBAL = "the global by its own name, or a port,";

/** Globals that are not to be used at all. */
export const AMBIENT_GLOBALS: ReadonlyMap<string, string> = new Map([
  ["performance", CLOCK],
  ["setTimeout", CLOCK],
  ["setInterval", CLOCK],
  ["setImmediate", CLOCK],
  ["crypto", RANDOM],
  ["console", REPORTER],
  ["fetch", NETWORK],
  ["WebSocket", NETWORK],
  ["WebSocketStream", NETWORK],
  ["EventSource", NETWORK],
  ["XMLHttpRequest", NETWORK],
  ["BroadcastChannel", NETWORK],
  ["Worker", A_PORT],
  ["Deno", A_PORT],
  ["process", A_PORT],
  ["navigator", A_PORT],
  ["localStorage", A_PORT],
  ["sessionStorage", A_PORT],
  ["caches", A_PORT],
  ["alert", A_PORT],
  ["confirm", A_PORT],
  ["prompt", A_PORT],
  ["globalThis", NAMED_GLOBAL],
  ["self", NAMED_GLOBAL],
  ["window", NAMED_GLOBAL],
]);

/** Globals of which some members reach out. `()` is a call, `new()` a construction of nothing. */
export const AMBIENT_MEMBERS: ReadonlyMap<string, ReadonlyMap<string, string>> = new Map([
  ["Date", new Map([["now", CLOCK], ["()", CLOCK], ["new()", CLOCK]])],
  ["Math", new Map([["random", RANDOM]])],
  ["Temporal", new Map([["Now", CLOCK]])],
  ["AbortSignal", new Map([["timeout", CLOCK]])],
  ["Atomics", new Map([["wait", CLOCK], ["waitAsync", CLOCK]])],
]);

/** Modules that only compute, or the names of them that do. */
export const PURE_MODULES: ReadonlyMap<string, "all" | ReadonlySet<string>> = new Map<
  string,
  "all" | ReadonlySet<string>
>([
  ["node:assert", "all"],
  ["node:assert/strict", "all"],
  ["node:buffer", "all"],
  ["node:events", "all"],
  ["node:path/posix", "all"],
  ["node:punycode", "all"],
  ["node:querystring", "all"],
  ["node:string_decoder", "all"],
  ["node:url", "all"],
  ["node:util", "all"],
  ["node:crypto", new Set(["createHash", "createHmac", "hash", "timingSafeEqual"])],
  [
    "node:zlib",
    new Set(["crc32", "deflateSync", "inflateSync", "gzipSync", "gunzipSync", "constants"]),
  ],
]);

export const PURE_PACKAGES: ReadonlySet<string> = new Set(["crc-32", "get-east-asian-width"]);

/** The simulator lets real micro- and macrotasks run out between two events of virtual time. */
export const SIM_ALLOWS: ReadonlySet<string> = new Set(["setImmediate", "node:timers"]);
