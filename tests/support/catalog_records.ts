/** Records of a catalog for tests: plausible ones, and ones at the limits of what is allowed. */
import type { ClusterEvent } from "../../src/protocol/events.ts";
import type {
  Grant,
  JobRecord,
  Placement,
  ServerRecord,
  TableRecord,
  UserRecord,
} from "../../src/protocol/model.ts";

export const MOMENT = 1_767_225_600_000;

export function server(rid: number, with_: Partial<ServerRecord> = {}): ServerRecord {
  return {
    rid,
    identity: rid.toString(16).padStart(32, "0"),
    host: `db${rid}.example`,
    port: 9091,
    zone: "",
    engine: { vendor: "mariadb", version: "10.11.6", settings: { sql_mode: "STRICT_ALL_TABLES" } },
    status: "online",
    load: { reads: 0, writes: 0, rows: 0, bytes: 0, lag: 0, verifiedAgeMs: null },
    created: MOMENT,
    lastSeen: MOMENT + 5_000,
    ...with_,
  };
}

export function table(name: string, with_: Partial<TableRecord> = {}): TableRecord {
  return {
    name,
    region: "r1",
    ddl: `CREATE TABLE \`${name}\` (id INT PRIMARY KEY)`,
    state: "ready",
    created: MOMENT,
    ...with_,
  };
}

export function placement(region: string, rid: number, since = MOMENT): Placement {
  return { region, rid, since };
}

export function job(id: string, with_: Partial<JobRecord> = {}): JobRecord {
  return {
    id,
    kind: "create_table",
    state: "running",
    subject: "orders",
    request: { table: "orders" },
    progress: null,
    created: MOMENT,
    updated: MOMENT,
    ...with_,
  };
}

export function user(name: string, with_: Partial<UserRecord> = {}): UserRecord {
  return { name, secret: "scrypt$salt$hash", created: MOMENT, ...with_ };
}

export function grant(user: string, with_: Partial<Grant> = {}): Grant {
  return { user, privilege: "read", scope: "*", ...with_ };
}

export function joined(rid: number): ClusterEvent {
  return { event: "server.joined", rid, host: `db${rid}.example`, port: 9091, zone: "a" };
}

/** Everything that text may hold and that some database, driver or quoting gets wrong. */
export const AWKWARD_TEXT = [
  "",
  " leading and trailing ",
  "'; DROP TABLE `tables`; --",
  '"double", `back`, \\ backslash \\\\ \\\' \\0 \\Z %_',
  "line\r\nbreak\ttab\b\x1a\x00 NUL \x7f",
  "?, ??, :name, @user, {{x}}",
  "grüße, Ελλάδα, 日本語, \u2028\u2029\ufeff\uffff",
  "🦊👩‍👩‍👧‍👦 𝒳 \u{10ffff}",
  "e\u0301 is not \u00e9",
] as const;

/** JSON values that come back different from a database's own JSON type. */
export const AWKWARD_JSON: readonly unknown[] = [
  null,
  0,
  -1.5e-300,
  1.7976931348623157e308,
  Number.MAX_SAFE_INTEGER,
  "",
  "null",
  "\ud800 lone",
  [],
  {},
  [[[[["deep"]]]]],
  { b: 1, a: 2, "": 3, "a b": { "\u0000": "\u0000" } },
  JSON.parse('{"__proto__": {"polluted": true}, "constructor": null, "toString": "x"}'),
];

/** Numbers of every size that a moment may have. */
export const AWKWARD_MOMENTS = [
  0,
  -1,
  -62_135_596_800_000,
  MOMENT + 0.125,
  MOMENT + 0.001,
  1_767_225_600_000.1238,
  253_402_300_799_999,
  253_402_300_800_000,
  Number.MAX_SAFE_INTEGER,
  2 ** 53 + 2,
  1e21,
  1.7976931348623157e308,
  5e-324,
  -2.2250738585072014e-308,
  0.1 + 0.2,
] as const;
