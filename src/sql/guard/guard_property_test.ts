import assert from "node:assert/strict";
import fc from "fast-check";
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
import { lex, type Token } from "../lexer.ts";
import { compareRead } from "./comparison.ts";
import { guard } from "./guard.ts";
import type { Accepted } from "./verdict.ts";

const STATEMENTS: readonly string[] = [
  ...SAFE_WRITES,
  ...SAFE_ON_MYSQL,
  ...SAFE_DDL,
  ...[...REWRITTEN, ...BROKEN, ...SESSIONS, ...READS].map(([sql]) => sql),
  ...[...REFUSED_WRITES, ...REFUSED_DDL, ...REFUSED_OTHERS].map(([sql]) => sql),
];
/** What MySQL reads at all. Databases' names, as in USE, do differ by case. */
const READABLE = STATEMENTS.filter((sql) =>
  !sql.startsWith("USE ") && BROKEN.every(([broken]) => broken !== sql)
);

/** What must not depend on how a text is set. */
function essence(sql: string): string {
  const verdict = guard(sql, GUARD_FACTS);
  switch (verdict.kind) {
    case "refused":
      return `${verdict.error.code}`;
    case "safe":
      return JSON.stringify([verdict.statement, verdict.context, tableNames(verdict)]);
    case "rewritten":
      return JSON.stringify([verdict.statement, verdict.context, verdict.expressions.length]);
  }
}

/** The names of tables may differ by case, and are then told apart. */
function tableNames({ tables }: Accepted): readonly string[] {
  return [...new Set(tables.map(({ table, role }) => `${role} ${table.toLowerCase()}`))];
}

const RUNS = { numRuns: 1500 };
const statement = fc.constantFrom(...STATEMENTS);
/** Broken out of the tokens of real statements, so that most of it looks like SQL. */
const mangled = fc.tuple(statement, statement, fc.nat(), fc.nat(), fc.nat()).map(
  ([first, second, from, to, at]) => {
    const cut = second.slice(from % (second.length + 1)).slice(0, to % 30);
    const place = at % (first.length + 1);
    return first.slice(0, place) + cut + first.slice(place + (to % 4));
  },
);

Deno.test("guard: nothing is thrown for any text", () => {
  const text = fc.oneof(mangled, fc.string({ unit: "binary", maxLength: 80 }), fc.string());
  fc.assert(
    fc.property(text, (sql) => {
      const verdict = guard(sql, GUARD_FACTS);
      if (verdict.kind === "rewritten") {
        const filled = verdict.rewrite(verdict.expressions.map(() => "'v'"));
        assert.equal(guard(filled, GUARD_FACTS).kind, "safe", filled);
      }
      compareRead(sql, GUARD_FACTS);
    }),
    RUNS,
  );
});

/** Words in another case, comments and space wherever there may be some. */
function reset(tokens: readonly Token[], choices: readonly number[]): string {
  let text = "";
  tokens.forEach((token, at) => {
    const choice = choices[at % choices.length] ?? 0;
    const before = tokens[at - 1];
    if (token.kind === "space") text += SPACES[choice % SPACES.length];
    else if (token.kind === "word" && before?.upper !== "=") text += cased(token.text, choice);
    else text += token.text;
  });
  return text;
}

const SPACES = [" ", "\n\t", " /* UUID() */ ", " -- RAND() '\n", " # LIMIT 1\n", "\r\n  "];

function cased(word: string, choice: number): string {
  return choice % 3 === 0 ? word.toUpperCase() : choice % 3 === 1 ? word.toLowerCase() : word;
}

Deno.test("guard: the verdict does not depend on case, comments and space", () => {
  const choices = fc.array(fc.nat(60), { minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(fc.constantFrom(...READABLE), choices, (sql, chosen) => {
      assert.equal(essence(reset(lex(sql), chosen)), essence(sql), reset(lex(sql), chosen));
    }),
    RUNS,
  );
});

Deno.test("guard: what is written in cannot change what stands around it", () => {
  const literal = fc.string().map((text) => `'${text.replace(/[\\']/g, "\\$&")}'`);
  fc.assert(
    fc.property(fc.constantFrom(...REWRITTEN), literal, ([sql, expressions], value) => {
      const verdict = guard(sql, GUARD_FACTS);
      assert.ok(verdict.kind === "rewritten");
      const text = verdict.rewrite(expressions.map(() => value));
      const strings = lex(text).filter((token) => token.text === value);
      assert.ok(strings.length >= expressions.length);
      assert.equal(guard(text, GUARD_FACTS).kind, "safe");
    }),
  );
});
