/** Expressions over one row, as far as the small engine knows them. */
import type { Random } from "../../ports/random.ts";
import { sqlError } from "../../protocol/errors.ts";
import { crc32 } from "../../base/crc32.ts";
import { md5Hex } from "../../base/md5.ts";
import { MysqlRandom } from "../sqlite/functions_random.ts";
import { momentOfEpoch, printMoment } from "../sqlite/functions_temporal.ts";
import { unknownColumn } from "../sqlite/schema_errors.ts";
import type { TableModel } from "../sqlite/schema_model.ts";
import type { ComparisonOperator, Expr, LiteralValue, Node } from "../sqlite/translate_ast.ts";
import { compare, numberOf, ofTruth, truth, unsupported, type Value } from "./values.ts";

/** What a statement sees besides rows. */
export interface Facts {
  readonly nowMicros: number;
  readonly lastInsertId: number;
  readonly random: MysqlRandom;
  /** For UUID(), which no context makes repeat. */
  readonly entropy: Random;
}

/** What names of columns mean. */
export interface Scope {
  readonly model: TableModel | null;
  readonly row: readonly Value[];
  /** The row that was to be inserted, for VALUES(c). */
  readonly inserted?: readonly Value[];
  /** The name the table goes by, where it has an alias. */
  readonly alias?: string | null;
}

const places = new WeakMap<TableModel, ReadonlyMap<string, number>>();

/** Where in a row the column is; -1 for none. */
export function placeOf(model: TableModel, name: string): number {
  let known = places.get(model);
  if (known === undefined) {
    known = new Map(model.columns.map((column, at) => [column.name.toLowerCase(), at]));
    places.set(model, known);
  }
  return known.get(name.toLowerCase()) ?? -1;
}

export function evaluate(expr: Expr, scope: Scope, facts: Facts): Value {
  const of = (each: Expr) => evaluate(each, scope, facts);
  switch (expr.kind) {
    case "literal":
      return literal(expr.value);
    case "column":
      return column(expr, scope);
    case "negate": {
      const value = of(expr.operand);
      return value === null ? null : -numberOf(value);
    }
    case "arithmetic":
      return arithmetic(expr, of(expr.left), of(expr.right));
    case "compare":
      return comparison(expr, of);
    case "logical":
      return logical(expr, of);
    case "not": {
      const value = truth(of(expr.operand));
      return ofTruth(value === null ? null : !value);
    }
    case "is":
      return isWhat(expr, of(expr.operand));
    case "between":
      return between(expr, of);
    case "in_list":
      return inList(expr, of);
    case "inserted":
      return inserted(expr.column, scope);
    case "call":
      return call(expr.name, expr.args.map(of), facts);
    default:
      throw unsupported(`an expression of kind ${expr.kind}`);
  }
}

function literal(value: LiteralValue): Value {
  switch (value.type) {
    case "null":
      return null;
    case "integer": {
      const number = Number(value.value);
      if (!Number.isSafeInteger(number)) throw unsupported(`a number as large as ${value.value}`);
      return number;
    }
    case "text":
    case "decimal":
      return value.text;
    case "boolean":
      return value.value ? 1 : 0;
    default:
      throw unsupported(`a literal of type ${value.type}`);
  }
}

function column(node: Node<"column">, { model, row, alias }: Scope): Value {
  const at = model === null ? -1 : placeOf(model, node.name);
  const isOther = node.table !== null && node.table !== (alias ?? model?.name);
  if (at < 0 || isOther) throw unknownColumn(node.name, "where clause");
  return row[at] ?? null;
}

function inserted(name: string, scope: Scope): Value {
  const at = scope.model === null ? -1 : placeOf(scope.model, name);
  if (at < 0) throw unknownColumn(name, "field list");
  return scope.inserted?.[at] ?? null;
}

function arithmetic({ operator }: Node<"arithmetic">, left: Value, right: Value): Value {
  if (left === null || right === null) return null;
  const [a, b] = [numberOf(left), numberOf(right)];
  switch (operator) {
    case "+":
      return exact(a + b);
    case "-":
      return exact(a - b);
    case "*":
      return exact(a * b);
    case "%":
      return b === 0 ? null : a % b;
    case "DIV":
      return b === 0 ? null : Math.trunc(a / b);
    default:
      throw unsupported(`the operator ${operator}`);
  }
}

function exact(value: number): number {
  if (!Number.isInteger(value) || Number.isSafeInteger(value)) return value;
  throw sqlError(1690, "22003", "BIGINT value is out of range");
}

function comparison({ operator, left, right }: Node<"compare">, of: (each: Expr) => Value): Value {
  if (left.kind === "row" && right.kind === "row") {
    return rows(operator, left.items.map(of), right.items.map(of));
  }
  const [a, b] = [of(left), of(right)];
  if (operator === "<=>") return ofTruth(a === null || b === null ? a === b : compare(a, b) === 0);
  const found = compare(a, b);
  return found === null ? null : ofTruth(holds(operator, found));
}

/** Row constructors compare like words in a dictionary. */
function rows(
  operator: ComparisonOperator,
  left: readonly Value[],
  right: readonly Value[],
): Value {
  for (const [at, value] of left.entries()) {
    const found = compare(value, right[at] ?? null);
    if (found === null) return null;
    if (found !== 0) return ofTruth(holds(operator, found));
  }
  return ofTruth(holds(operator, 0));
}

function holds(operator: ComparisonOperator, found: number): boolean {
  switch (operator) {
    case "=":
    case "<=>":
      return found === 0;
    case "<>":
      return found !== 0;
    case "<":
      return found < 0;
    case "<=":
      return found <= 0;
    case ">":
      return found > 0;
    case ">=":
      return found >= 0;
  }
}

function logical({ operator, left, right }: Node<"logical">, of: (each: Expr) => Value): Value {
  const a = truth(of(left));
  if (operator === "AND" && a === false) return 0;
  if (operator === "OR" && a === true) return 1;
  const b = truth(of(right));
  if (operator === "AND") return b === false ? 0 : ofTruth(a === null || b === null ? null : true);
  if (operator === "OR") return b === true ? 1 : ofTruth(a === null || b === null ? null : false);
  return ofTruth(a === null || b === null ? null : a !== b);
}

function isWhat({ what, negated }: Node<"is">, value: Value): Value {
  const found = what === "null" || what === "unknown"
    ? value === null
    : truth(value) === (what === "true");
  return ofTruth(found !== negated);
}

function between(
  { operand, low, high, negated }: Node<"between">,
  of: (each: Expr) => Value,
): Value {
  const value = of(operand);
  const [above, below] = [compare(value, of(low)), compare(value, of(high))];
  if (above === null || below === null) return null;
  return ofTruth((above >= 0 && below <= 0) !== negated);
}

function inList({ operand, items, negated }: Node<"in_list">, of: (each: Expr) => Value): Value {
  const value = of(operand);
  let unknown = value === null;
  for (const item of items) {
    const found = compare(value, of(item));
    if (found === 0) return ofTruth(!negated);
    if (found === null) unknown = true;
  }
  return unknown ? null : ofTruth(negated);
}

type Call = (args: readonly Value[], facts: Facts) => Value;

const CALLS: Readonly<Record<string, Call>> = {
  CONCAT: (args) => args.includes(null) ? null : args.join(""),
  COALESCE: (args) => args.find((each) => each !== null) ?? null,
  IFNULL: ([value = null, other = null]) => value ?? other,
  IF: ([condition = null, yes = null, no = null]) => truth(condition) === true ? yes : no,
  ABS: ([value = null]) => value === null ? null : Math.abs(numberOf(value)),
  LENGTH: ([value = null]) =>
    value === null ? null : new TextEncoder().encode(String(value)).length,
  CHAR_LENGTH: ([value = null]) => value === null ? null : [...String(value)].length,
  MD5: ([value = null]) => value === null ? null : md5Hex(String(value)),
  CRC32: ([value = null]) => value === null ? null : crc32(String(value)),
  NOW: ([digits = 0], { nowMicros }) => {
    const moment = momentOfEpoch(nowMicros);
    return moment === null ? null : printMoment(moment, Number(digits));
  },
  RAND: (_args, { random }) => random.next(),
  UUID: (_args, { entropy }) => entropy.id().replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-"),
  LAST_INSERT_ID: (_args, { lastInsertId }) => lastInsertId,
};

function call(name: string, args: readonly Value[], facts: Facts): Value {
  const known = Object.hasOwn(CALLS, name) ? CALLS[name] : undefined;
  if (known === undefined) throw unsupported(`the function ${name}`);
  return known(args, facts);
}
