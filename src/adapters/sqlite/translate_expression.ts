/** Expressions: each node of the tree as SQLite's SQL with MySQL's type. */
import { sqlError } from "../../protocol/errors.ts";
import { hasMicros, isDateUnit } from "./functions_interval.ts";
import { sqliteAggregate } from "./functions_registry.ts";
import { unitText } from "./functions_shift.ts";
import { translateAggregate } from "./translate_aggregate.ts";
import type { Expr, Node } from "./translate_ast.ts";
import { translateCall } from "./translate_calls.ts";
import { choose } from "./translate_calls_value.ts";
import { cast, collate } from "./translate_cast.ts";
import {
  asBoolean,
  asBytes,
  asMoment,
  asText,
  asTime,
  asTruth,
  fractionDigits,
} from "./translate_coerce.ts";
import { compare, domainOf, inDomain } from "./translate_compare.ts";
import type { ExpressionPlace, TranslateContext, TranslatedQuery } from "./translate_context.ts";
import { literalValue } from "./translate_literal_value.ts";
import { arithmetic, bitNot, bits, negate } from "./translate_operators.ts";
import { unsupported } from "./translate_parse_reader.ts";
import {
  between,
  checkWidths,
  compareOperands,
  inList,
  like,
  type Operand,
  regexp,
} from "./translate_predicates.ts";
import { systemVariable } from "./translate_system_variable.ts";
import {
  BIGINT_TYPE,
  BOOLEAN_TYPE,
  BYTES_TYPE,
  DATE_TYPE,
  datetimeType,
  detached,
  isNumber,
  textType,
  timeType,
  type ValueType,
} from "./translate_type.ts";
import { callSql, derived, isNull, NULL_VALUE, quoted, type Value } from "./translate_value.ts";
import { translateWindowCall } from "./translate_window.ts";

export class ExpressionTranslator {
  readonly #context: TranslateContext;

  constructor(context: TranslateContext) {
    this.#context = context;
  }

  /** An expression that must be a single value. */
  value(expr: Expr, place: ExpressionPlace): Value {
    const operand = this.operand(expr, place);
    const [only] = operand;
    if (operand.length !== 1 || only === undefined) {
      throw sqlError(1241, "21000", "Operand should contain 1 column(s)");
    }
    return only;
  }

  /** An expression that may be a row. */
  operand(expr: Expr, place: ExpressionPlace): Operand {
    if (expr.kind === "row") return expr.items.map((item) => this.value(item, place));
    return [this.#single(expr, place)];
  }

  #single(expr: Exclude<Expr, { kind: "row" }>, place: ExpressionPlace): Value {
    const of = (inner: Expr): Value => this.value(inner, place);
    switch (expr.kind) {
      case "literal":
        return literalValue(expr.value, this.#context.parameters);
      case "column":
        return this.#column(expr, place);
      case "call":
        return this.#call(expr, place);
      case "aggregate":
        return translateAggregate(
          expr,
          place,
          this.#context,
          (inner, where) => this.value(inner, where),
        );
      case "negate":
        return negate(of(expr.operand), this.#text(expr));
      case "bit_not":
        return bitNot(of(expr.operand));
      case "arithmetic":
        return arithmetic(expr.operator, of(expr.left), of(expr.right), {
          text: this.#text(expr),
          strict: this.#context.strictDivision,
        });
      case "bits":
        return bits(expr.operator, of(expr.left), of(expr.right));
      case "case":
        return this.#case(expr, place);
      case "cast":
        return cast(of(expr.operand), expr.type);
      case "shift":
        return shift(expr, of(expr.operand), of(expr.amount));
      case "extract":
        return extract(expr, of(expr.operand));
      case "subquery":
        return this.#subquery(expr, place);
      case "collate":
        return collate(of(expr.operand), expr.collation);
      case "binary":
        return derived(asBytes(of(expr.operand)), BYTES_TYPE, [of(expr.operand)]);
      case "default":
        return this.#default(expr, place);
      case "inserted":
        return place.inserted?.(expr.column) ?? NULL_VALUE;
      case "system_variable":
        return systemVariable(expr.name, this.#context);
      default:
        return this.#predicate(expr, place);
    }
  }

  /** What is true, false or unknown. */
  #predicate(expr: Predicate, place: ExpressionPlace): Value {
    const of = (inner: Expr): Value => this.value(inner, place);
    switch (expr.kind) {
      case "not":
        return derived(`(NOT ${asTruth(of(expr.operand))})`, BOOLEAN_TYPE, [of(expr.operand)]);
      case "logical":
        return logical(expr, of(expr.left), of(expr.right));
      case "compare":
        return compareOperands(
          expr.operator,
          this.operand(expr.left, place),
          this.operand(expr.right, place),
        );
      case "is":
        return is(expr, of(expr.operand));
      case "between":
        return between(of(expr.operand), of(expr.low), of(expr.high), expr.negated);
      case "in_list":
        return inList(
          this.operand(expr.operand, place),
          expr.items.map((item) => this.operand(item, place)),
          expr.negated,
        );
      case "like":
        return like(
          this.#matching(expr, place),
          expr.escape === null ? null : of(expr.escape),
        );
      case "regexp":
        return regexp(this.#matching(expr, place));
      case "exists": {
        const query = this.#query(expr.query, place);
        return derived(`EXISTS (${query.sql})`, BOOLEAN_TYPE, [UNKNOWN]);
      }
      case "in_query":
        return this.#inQuery(expr, place);
      case "quantified":
        return this.#quantified(expr, place);
    }
  }

  #text(expr: Expr): string {
    return this.#context.text.slice(expr.start, expr.end);
  }

  #matching(expr: Node<"like"> | Node<"regexp">, place: ExpressionPlace) {
    return {
      operand: this.value(expr.operand, place),
      pattern: this.value(expr.pattern, place),
      negated: expr.negated,
      parameters: this.#context.parameters,
    };
  }

  #column(expr: Node<"column">, place: ExpressionPlace): Value {
    const aliased = expr.table === null ? place.aliases(expr.name) : null;
    if (aliased !== null) return aliased;
    const column = place.scope.resolve(expr, place.clause);
    return { sql: column.sql, type: column.type, constant: false, literal: null, volatile: false };
  }

  #call(expr: Node<"call">, place: ExpressionPlace): Value {
    if (expr.over !== null) {
      return translateWindowCall(
        expr,
        expr.over,
        place,
        (inner, where) => this.value(inner, where),
      );
    }
    const args = expr.args.map((arg) => this.value(arg, place));
    return translateCall({ name: expr.name, args, context: this.#context });
  }

  #case(expr: Node<"case">, place: ExpressionPlace): Value {
    const operand = expr.operand === null ? null : this.value(expr.operand, place);
    const conditions: Value[] = [];
    const branches = expr.branches.map(({ when, then }) => {
      const wanted = this.value(when, place);
      const condition = operand === null ? wanted : compare("=", operand, wanted);
      conditions.push(condition);
      return { when: asTruth(condition), then: this.value(then, place) };
    });
    const otherwise = expr.otherwise === null ? NULL_VALUE : this.value(expr.otherwise, place);
    return choose(branches, otherwise, conditions);
  }

  #default(expr: Node<"default">, place: ExpressionPlace): Value {
    if (place.defaultOf === null || expr.column === null) {
      throw unsupported("Cannot use DEFAULT here: write the value");
    }
    return place.defaultOf(expr.column);
  }

  #query(query: Node<"subquery">["query"], place: ExpressionPlace): TranslatedQuery {
    return this.#context.query(query, place.scope, place.known);
  }

  /** A query as a value: its only row, or NULL for none. */
  #subquery(expr: Node<"subquery">, place: ExpressionPlace): Value {
    const query = this.#query(expr.query, place);
    checkWidths([UNKNOWN], query.columns.length);
    const type: ValueType = detached(query.columns[0]?.type ?? NULL_VALUE.type);
    const single = sqliteAggregate("single");
    const sql = query.single ? `(${query.sql})` : `(SELECT ${single}(c1) FROM (${query.sql}))`;
    return derived(sql, type, [UNKNOWN]);
  }

  #inQuery(expr: Node<"in_query">, place: ExpressionPlace): Value {
    if (expr.query.limit !== null) throw limitInside();
    const operand = this.operand(expr.operand, place);
    const query = this.#query(expr.query, place);
    checkWidths(operand, query.columns.length);
    const pairs = operand.map((value, at): readonly [string, string] => {
      const column = outputValue(query, at);
      const domain = domainOf(value, column);
      return [inDomain(value, domain), inDomain(column, domain)];
    });
    const left = pairs.map(([value]) => value).join(", ");
    const right = pairs.map(([, column]) => column).join(", ");
    const inner = right === pairs.map((_, at) => `c${at + 1}`).join(", ")
      ? query.sql
      : `SELECT ${right} FROM (${query.sql})`;
    const side = operand.length === 1 ? left : `(${left})`;
    const sql = `(${side} ${expr.negated ? "NOT " : ""}IN (${inner}))`;
    return derived(sql, BOOLEAN_TYPE, [UNKNOWN]);
  }

  /** `x > ALL (…)` is false once one is, and unknown once one is; `ANY` the other way round. */
  #quantified(expr: Node<"quantified">, place: ExpressionPlace): Value {
    if (expr.query.limit !== null) throw limitInside();
    const value = this.value(expr.left, place);
    const query = this.#query(expr.query, place);
    checkWidths([value], query.columns.length);
    const each = compare(expr.operator, value, outputValue(query, 0)).sql;
    const [deciding, otherwise] = expr.quantifier === "ALL" ? ["0", "1"] : ["1", "0"];
    const sql = `(SELECT CASE WHEN MAX(${each} = ${deciding}) THEN ${deciding} ` +
      `WHEN COUNT(*) > COUNT(${each}) THEN NULL ELSE ${otherwise} END FROM (${query.sql}))`;
    return derived(sql, BOOLEAN_TYPE, [UNKNOWN]);
  }
}

type Predicate = Extract<
  Expr,
  {
    kind:
      | "not"
      | "logical"
      | "compare"
      | "is"
      | "between"
      | "in_list"
      | "like"
      | "regexp"
      | "exists"
      | "in_query"
      | "quantified";
  }
>;

/** Stands for what is not constant. */
const UNKNOWN: Value = { ...NULL_VALUE, constant: false, literal: null };

/** A query's column as a value, where the query is a table. */
export function outputValue(query: TranslatedQuery, at: number): Value {
  const type = detached(query.columns[at]?.type ?? NULL_VALUE.type);
  return { sql: `c${at + 1}`, type, constant: false, literal: null, volatile: false };
}

function limitInside(): Error {
  return sqlError(
    1235,
    "42000",
    "This version of the server doesn't yet support 'LIMIT & IN/ALL/ANY/SOME subquery'",
  );
}

function logical(expr: Node<"logical">, left: Value, right: Value): Value {
  if (expr.operator === "XOR") {
    return derived(`(${asBoolean(left)} <> ${asBoolean(right)})`, BOOLEAN_TYPE, [left, right]);
  }
  const sql = `(${asTruth(left)} ${expr.operator} ${asTruth(right)})`;
  return derived(sql, BOOLEAN_TYPE, [left, right]);
}

function is(expr: Node<"is">, value: Value): Value {
  const not = expr.negated ? "NOT " : "";
  if (expr.what === "null" || expr.what === "unknown") {
    return derived(`(${value.sql} IS ${not}NULL)`, BOOLEAN_TYPE, [value]);
  }
  const sql = `(${asTruth(value)} IS ${not}${expr.what.toUpperCase()})`;
  return derived(sql, BOOLEAN_TYPE, [value]);
}

function shift(expr: Node<"shift">, value: Value, amount: Value): Value {
  const exact = isNumber(amount.type);
  const unit = quoted(unitText(expr.unit, expr.sign, exact));
  const amountSql = isNull(amount) ? "NULL" : asText(amount);
  const digits = Math.max(amountDigits(expr, amount), fractionDigits(value));
  const { kind } = value.type;
  const done = (name: string, type: ValueType, ...rest: readonly string[]): Value =>
    derived(callSql(name, shiftedText(value), amountSql, unit, ...rest), type, [value, amount]);
  if (kind === "date" && isDateUnit(expr.unit)) return done("shift_date", DATE_TYPE);
  if (kind === "date" || kind === "datetime" || kind === "timestamp") {
    return done("shift_moment", datetimeType(digits), String(digits));
  }
  if (kind === "time") return done("shift_time", timeType(digits), String(digits));
  return done("shift_text", textType(), String(amountDigits(expr, amount)));
}

function shiftedText(value: Value): string {
  return isNull(value) ? "NULL" : isNumber(value.type) ? asMoment(value) : asText(value);
}

/** Digits of a fraction that the amount brings along. */
function amountDigits(expr: Node<"shift">, amount: Value): number {
  if (hasMicros(expr.unit)) return 6;
  if (expr.unit !== "SECOND" || amount.type.kind !== "decimal") return 0;
  return Math.min(6, amount.type.scale);
}

function extract(expr: Node<"extract">, value: Value): Value {
  const source = value.type.kind === "time" ? asTime(value) : asMoment(value);
  return derived(callSql("extract", quoted(expr.unit), source), BIGINT_TYPE, [value]);
}
