/** The driver's and the server's errors in minisql's words. */
import assert from "node:assert/strict";
import { MinisqlError } from "../../protocol/errors.ts";
import { catalogFault, errnoOf, type FaultContext } from "./mysql_faults.ts";
import { LinkLostError } from "./mysql_link.ts";

const CONTEXT: FaultContext = {
  doing: "change the catalog",
  options: {
    server: { host: "db1", port: 3306 },
    user: "minisql",
    password: "",
    database: "mini`sql",
    timeoutMs: 1_000,
  },
  committing: false,
};

function native(code: string, errno?: number): Error {
  const sql = errno === undefined ? {} : { errno, sqlState: "HY000" };
  return Object.assign(new Error(`native ${code}`), { code, ...sql });
}

function messageOf(error: Error): string {
  const fault = catalogFault(error, CONTEXT);
  assert.ok(fault instanceof MinisqlError);
  assert.equal(fault.code, "UNAVAILABLE");
  assert.equal(fault.cause, error);
  return fault.message;
}

Deno.test("mysql faults: each says what to check", () => {
  const cases: readonly (readonly [Error, RegExp])[] = [
    [native("ECONNREFUSED"), /MySQL at db1:3306 cannot be reached: nothing listens there; check/],
    [native("ENOTFOUND"), /host name is not known; check its spelling/],
    [native("PROTOCOL_CONNECTION_LOST"), /it closed the connection; see its log/],
    [native("E_NEVER_SEEN"), /MySQL at db1:3306: native E_NEVER_SEEN$/],
    [new LinkLostError("no answer within 5 ms"), /MySQL at db1:3306: no answer within 5 ms$/],
    [
      native("x", 1045),
      /refuses user minisql; check the account and its password \(1045: native x\)/,
    ],
    [native("x", 1044), /run: GRANT .*, CREATE ON `mini``sql`\.\* TO 'minisql'@'%' \(1044/],
    [native("x", 1142), /lacks a privilege; run: GRANT/],
    [native("x", 1049), /has no database mini`sql; run: CREATE DATABASE IF NOT EXISTS `mini``sql`/],
    [native("x", 1040), /takes no more connections; raise its limit/],
    [native("x", 1290), /is read-only; make it writable/],
    [native("x", 1146), /lacks tables of the catalog; run: mysql mini`sql < init\.sql/],
    [native("x", 1205), /another connection to db1:3306 holds it; look for open transactions/],
    [native("x", 1021), /the disk of MySQL at db1:3306 is full; make room/],
    [native("x", 9999), /MySQL at db1:3306 says 9999: native x$/],
  ];
  for (const [error, words] of cases) {
    const message = messageOf(error);
    assert.match(message, words);
    assert.match(message, /^Cannot change the catalog: .*[^.]$/);
  }
});

Deno.test("mysql faults: once a COMMIT was sent nobody knows, whatever the error", () => {
  for (const error of [native("ECONNRESET"), native("x", 1290), new LinkLostError("gone")]) {
    const fault = catalogFault(error, { ...CONTEXT, committing: true });
    assert.ok(fault instanceof MinisqlError);
    assert.equal(fault.code, "OUTCOME_UNKNOWN");
  }
});

Deno.test("mysql faults: minisql's own errors and bugs pass through as they are", () => {
  for (const error of [new MinisqlError("STALE_EPOCH", "x"), new TypeError("bug"), "thrown text"]) {
    assert.equal(catalogFault(error, { ...CONTEXT, committing: true }), error);
  }
});

Deno.test("mysql faults: the server's number is found behind minisql's error", () => {
  const fault = catalogFault(native("x", 1049), CONTEXT);
  assert.equal(errnoOf(fault), 1049);
  const system = Object.assign(new Error("refused"), { code: "ECONNREFUSED", errno: -111 });
  assert.equal(errnoOf(catalogFault(system, CONTEXT)), null);
  assert.equal(errnoOf(null), null);
});
