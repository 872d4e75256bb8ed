import assert from "node:assert/strict";
import {
  BROKEN,
  READS,
  REWRITTEN,
  SAFE_DDL,
  SAFE_ON_MYSQL,
  SAFE_WRITES,
  SESSIONS,
} from "../../../tests/support/guard_cases.ts";
import {
  REFUSED_DDL,
  REFUSED_OTHERS,
  REFUSED_WRITES,
} from "../../../tests/support/guard_refusals.ts";
import { GUARD_FACTS } from "../../../tests/support/guard_schema.ts";
import { compareRead } from "./comparison.ts";
import { guard } from "./guard.ts";
import type { Verdict } from "./verdict.ts";

function judged(sql: string): Verdict {
  return guard(sql, GUARD_FACTS);
}

function words(verdict: Verdict): string {
  return verdict.kind === "refused"
    ? `refused, ${verdict.error.code}: ${verdict.error.message}`
    : verdict.kind;
}

for (const sql of [...SAFE_WRITES, ...SAFE_ON_MYSQL, ...SAFE_DDL]) {
  Deno.test(`guard: repeats: ${sql}`, () => assert.equal(words(judged(sql)), "safe"));
}

for (const [sql, expressions] of REWRITTEN) {
  Deno.test(`guard: is rewritten: ${sql}`, () => {
    const verdict = judged(sql);
    assert.ok(verdict.kind === "rewritten", words(verdict));
    assert.deepEqual(verdict.expressions, expressions);
    const text = verdict.rewrite(expressions.map((_, at) => `'value ${at}'`));
    assert.equal(words(judged(text)), "safe", text);
    for (let at = 0; at < expressions.length; at++) assert.match(text, RegExp(`'value ${at}'`));
  });
}

for (const [sql, code, message] of [...REFUSED_WRITES, ...REFUSED_DDL, ...REFUSED_OTHERS]) {
  Deno.test(`guard: is refused: ${sql}`, () => {
    const verdict = judged(sql);
    assert.ok(verdict.kind === "refused", words(verdict));
    assert.equal(verdict.error.code, code, verdict.error.message);
    assert.match(verdict.error.message, message);
    assert.match(verdict.error.message, /^Cannot [a-z]+ .*[^.]$/);
  });
}

for (const [sql, errno] of BROKEN) {
  Deno.test(`guard: is MySQL's error ${errno}: ${sql}`, () => {
    const verdict = judged(sql);
    assert.ok(verdict.kind === "refused", words(verdict));
    assert.deepEqual([verdict.error.code, verdict.error.errno], ["SQL", errno]);
  });
}

for (const [sql, changes] of SESSIONS) {
  Deno.test(`guard: changes the session: ${sql}`, () => {
    const verdict = judged(sql);
    assert.ok(verdict.kind === "safe", words(verdict));
    assert.deepEqual(verdict.session, changes);
  });
}

for (const [sql, as] of READS) {
  Deno.test(`guard: reads: ${sql}`, () => {
    assert.equal(words(judged(sql)), "safe");
    const comparison = compareRead(sql, GUARD_FACTS);
    if (as instanceof RegExp) {
      assert.ok(!comparison.comparable);
      assert.match(comparison.reason, as);
    } else {
      assert.deepEqual(comparison, { comparable: true, ordered: as === "ordered" });
    }
  });
}

Deno.test("guard: says what of the context a statement depends on", () => {
  const context = (sql: string) => {
    const verdict = judged(sql);
    return verdict.kind === "refused" ? verdict.error.message : verdict.context.join(" ");
  };
  assert.equal(context("UPDATE bag SET v = 1"), "");
  assert.equal(context("UPDATE users SET age = 1"), "timestamp");
  assert.equal(context("INSERT INTO bag (w) VALUES (NOW())"), "timestamp");
  assert.equal(context("INSERT INTO bag (v) VALUES (RAND())"), "random_seeds");
  assert.equal(context("INSERT INTO two (a, b) VALUES (1, 2)"), "insert_id");
  assert.equal(context("INSERT IGNORE INTO two (a, b) VALUES (1, 2)"), "insert_id_beforehand");
  assert.equal(
    context("INSERT INTO users (email) VALUES ('a') ON DUPLICATE KEY UPDATE age = 1"),
    "insert_id_beforehand timestamp",
  );
  assert.equal(context("INSERT INTO two (id, a, b) VALUES (5, 1, 2)"), "");
  assert.equal(context("INSERT INTO two (id, a, b) VALUES (1 - 1, 1, 2)"), "insert_id");
  assert.equal(context("INSERT INTO bag (v) VALUES (LAST_INSERT_ID())"), "last_insert_id");
});

Deno.test("guard: a value written in is a call as before, so that a fault stays one", () => {
  const verdict = judged("INSERT INTO bag (w) VALUES (LOWER UUID()), ('a'UUID())");
  assert.ok(verdict.kind === "rewritten");
  assert.equal(
    verdict.rewrite(["'x'", "'y'"]),
    "INSERT INTO bag (w) VALUES (LOWER COALESCE('x')), ('a'COALESCE('y'))",
  );
});

Deno.test("guard: a table that the cluster does not have is said so", () => {
  const verdict = judged("UPDATE nowhere SET a = 1");
  assert.ok(verdict.kind === "refused");
  assert.equal(verdict.error.code, "NO_SUCH_TABLE");
});

Deno.test("guard: executable comments are opened up for a known server", () => {
  const facts = { ...GUARD_FACTS, server: { vendor: "mariadb", version: 101119 } } as const;
  const verdict = guard("INSERT INTO bag (v) VALUES (1) /*!50000 , (RAND()) */", facts);
  assert.ok(verdict.kind === "safe", words(verdict));
  assert.deepEqual(verdict.context, ["random_seeds"]);
  assert.equal(verdict.sql.replace(/ +/g, " "), "INSERT INTO bag (v) VALUES (1) , (RAND()) ");
  assert.equal(guard("SELECT 1 /*! INTO OUTFILE 'x' */", facts).kind, "refused");
});

Deno.test("guard: hostile nesting is refused, not crashed on", () => {
  for (const open of ["(", "(SELECT ", "f(", "CASE WHEN ("]) {
    const sql = `INSERT INTO bag (v) VALUES (${open.repeat(50_000)}`;
    assert.equal(judged(sql).kind, "refused");
  }
});

Deno.test("guard: time grows with the text, not with its square", () => {
  const rows = Array.from({ length: 20_000 }, (_, at) => `(${at}, 'row ${at}', NOW(6))`);
  const started = performance.now();
  const verdict = judged(`INSERT INTO events (id, msg, at) VALUES ${rows.join()}`);
  assert.equal(words(verdict), "safe");
  // About half a second; reading all rows for each row took a hundred times that.
  assert.ok(performance.now() - started < 15_000);
});
