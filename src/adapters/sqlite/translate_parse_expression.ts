/** Reads expressions, by MySQL's precedence, from tokens into the syntax tree. */
import type { Cursor } from "../../sql/cursor.ts";
import {
  type ArithmeticOperator,
  type BitOperator,
  type ComparisonOperator,
  type Expr,
  INTERVAL_UNITS,
  type IntervalUnit,
  type NodeKind,
  type OrderItem,
  type Query,
} from "./translate_ast.ts";
import { parsePostfix } from "./translate_parse_primary.ts";
import {
  atInterval,
  atQuery,
  type ExpressionReader,
  type FieldsOf,
  parenthesised,
  unsupported,
} from "./translate_parse_reader.ts";

/** Nesting beyond this would overflow SQLite's own limit, and is nobody's everyday statement. */
const DEPTH_MAX = 120;

const COMPARISONS: Readonly<Record<string, ComparisonOperator>> = {
  "=": "=",
  "<=>": "<=>",
  "<>": "<>",
  "!=": "<>",
  "<": "<",
  "<=": "<=",
  ">": ">",
  ">=": ">=",
};

/** Binary operators from the loosest to the tightest; each level is left-associative. */
const LEVELS: readonly Readonly<Record<string, BitOperator | ArithmeticOperator>>[] = [
  { "|": "|" },
  { "&": "&" },
  { "<<": "<<", ">>": ">>" },
  { "+": "+", "-": "-" },
  { "*": "*", "/": "/", "%": "%", DIV: "DIV", MOD: "%" },
  { "^": "^" },
];
const ADDITIVE_LEVEL = 3;

export class ExpressionParser implements ExpressionReader {
  readonly cursor: Cursor;
  readonly #query: () => Query;
  #depth = 0;

  /** `query` reads a query from the same cursor, for subqueries. */
  constructor(cursor: Cursor, query: () => Query) {
    this.cursor = cursor;
    this.#query = query;
  }

  query(): Query {
    return this.#query();
  }

  expr(): Expr {
    this.#deeper();
    const expr = this.#chain("OR", () => this.#chain("XOR", () => this.#and()));
    this.#depth--;
    return expr;
  }

  factor(): Expr {
    return this.#binary(ADDITIVE_LEVEL + 1);
  }

  exprList(): readonly Expr[] {
    const list = [this.expr()];
    while (this.cursor.take(",")) list.push(this.expr());
    return list;
  }

  orderItems(): readonly OrderItem[] {
    const items: OrderItem[] = [];
    do {
      const expr = this.expr();
      const descending = this.cursor.takeOneOf("ASC", "DESC") === "DESC";
      items.push({ expr, descending });
    } while (this.cursor.take(","));
    return items;
  }

  intervalUnit(): IntervalUnit {
    const unit = this.cursor.peek().upper.replace(/^SQL_TSI_/, "") as IntervalUnit;
    if (!INTERVAL_UNITS.includes(unit)) throw this.cursor.fault();
    this.cursor.next();
    return unit;
  }

  /** A node that reaches from the token at index `from` to the last one taken. */
  node<K extends NodeKind>(kind: K, from: number, fields: FieldsOf<K>): Expr {
    const start = this.cursor.tokens[from]?.start ?? 0;
    return { kind, start, end: this.cursor.previous.end, ...fields } as unknown as Expr;
  }

  /** Operands joined by a logical operator, as a balanced tree since these are associative. */
  #chain(operator: "OR" | "XOR" | "AND", operand: () => Expr): Expr {
    const sign = operator === "OR" ? "||" : operator === "AND" ? "&&" : "XOR";
    const from = this.cursor.at;
    const operands = [operand()];
    while (this.cursor.take(operator) || this.cursor.take(sign)) operands.push(operand());
    return this.#balanced(operator, operands, from);
  }

  #and(): Expr {
    return this.#chain("AND", () => this.#not());
  }

  #balanced(operator: "OR" | "XOR" | "AND", operands: readonly Expr[], from: number): Expr {
    const only = operands[0];
    if (operands.length === 1 && only !== undefined) return only;
    const middle = operands.length >> 1;
    return this.node("logical", from, {
      operator,
      left: this.#balanced(operator, operands.slice(0, middle), from),
      right: this.#balanced(operator, operands.slice(middle), from),
    });
  }

  #not(): Expr {
    const from = this.cursor.at;
    if (!this.cursor.take("NOT")) return this.#comparison();
    this.#deeper();
    const operand = this.#not();
    this.#depth--;
    return this.node("not", from, { operand });
  }

  #deeper(): void {
    if (++this.#depth > DEPTH_MAX) {
      throw unsupported(`Cannot read an expression nested deeper than ${DEPTH_MAX} levels`);
    }
  }

  #comparison(): Expr {
    const { cursor } = this;
    const from = cursor.at;
    let left = this.#predicate();
    for (;;) {
      if (cursor.take("IS")) {
        left = this.#is(left, from);
        continue;
      }
      const operator = COMPARISONS[cursor.peek().upper];
      if (operator === undefined) return left;
      cursor.next();
      const quantifier = cursor.peek(1).upper === "("
        ? cursor.takeOneOf("ALL", "ANY", "SOME")
        : null;
      if (quantifier === null) {
        left = this.node("compare", from, { operator, left, right: this.#predicate() });
        continue;
      }
      const query = parenthesised(this.cursor, () => this.query());
      left = this.node("quantified", from, {
        operator,
        quantifier: quantifier === "ALL" ? "ALL" : "ANY",
        left,
        query,
      });
    }
  }

  #is(operand: Expr, from: number): Expr {
    const negated = this.cursor.take("NOT");
    const word = this.cursor.takeOneOf("NULL", "TRUE", "FALSE", "UNKNOWN");
    if (word === null) throw this.cursor.fault();
    const what = word.toLowerCase() as "null" | "true" | "false" | "unknown";
    return this.node("is", from, { operand, negated, what });
  }

  #predicate(): Expr {
    const { cursor } = this;
    const from = cursor.at;
    const operand = this.#binary(0);
    const at = cursor.at;
    const negated = cursor.take("NOT");
    if (cursor.take("IN")) return this.#in(operand, negated, from);
    if (cursor.take("BETWEEN")) {
      const low = this.#binary(0);
      cursor.expect("AND");
      return this.node("between", from, { operand, low, high: this.#predicate(), negated });
    }
    if (cursor.take("LIKE")) {
      const pattern = this.#unary();
      const escape = cursor.take("ESCAPE") ? this.#unary() : null;
      return this.node("like", from, { operand, pattern, escape, negated });
    }
    if (cursor.takeOneOf("REGEXP", "RLIKE") !== null) {
      return this.node("regexp", from, { operand, pattern: this.#binary(0), negated });
    }
    if (negated) cursor.moveTo(at);
    return operand;
  }

  #in(operand: Expr, negated: boolean, from: number): Expr {
    if (!this.cursor.looksAt("(")) throw this.cursor.fault();
    if (atQuery(this.cursor, 1)) {
      const query = parenthesised(this.cursor, () => this.query());
      return this.node("in_query", from, { operand, query, negated });
    }
    const items = parenthesised(this.cursor, () => this.exprList());
    return this.node("in_list", from, { operand, items, negated });
  }

  #binary(level: number): Expr {
    const operators = LEVELS[level];
    if (operators === undefined) return this.#unary();
    const { cursor } = this;
    const from = cursor.at;
    let left = this.#binary(level + 1);
    for (;;) {
      const operator = Object.hasOwn(operators, cursor.peek().upper)
        ? operators[cursor.peek().upper]
        : undefined;
      if (operator === undefined) return left;
      cursor.next();
      if (level === ADDITIVE_LEVEL && atInterval(cursor)) {
        left = this.#shift(left, operator === "-" ? -1 : 1, from);
        continue;
      }
      const right = this.#binary(level + 1);
      left = isBitOperator(operator)
        ? this.node("bits", from, { operator, left, right })
        : this.node("arithmetic", from, { operator, left, right });
    }
  }

  #shift(operand: Expr, sign: 1 | -1, from: number): Expr {
    this.cursor.expect("INTERVAL");
    const amount = this.expr();
    const unit = this.intervalUnit();
    return this.node("shift", from, { operand, amount, unit, sign });
  }

  #unary(): Expr {
    const { cursor } = this;
    const from = cursor.at;
    const sign = cursor.takeOneOf("-", "+", "~", "!", "BINARY");
    if (sign === null) return parsePostfix(this);
    this.#deeper();
    const operand = this.#unary();
    this.#depth--;
    if (sign === "+") return operand;
    if (sign === "~") return this.node("bit_not", from, { operand });
    if (sign === "!") return this.node("not", from, { operand });
    if (sign === "BINARY") return this.node("binary", from, { operand });
    return this.#negated(operand, from);
  }

  /** A sign before a number is part of the number: only so is -9223372036854775808 in range. */
  #negated(operand: Expr, from: number): Expr {
    if (operand.kind !== "literal") return this.node("negate", from, { operand });
    const { value } = operand;
    switch (value.type) {
      case "integer":
        return this.node("literal", from, { value: { type: "integer", value: -value.value } });
      case "decimal":
        return this.node("literal", from, {
          value: {
            type: "decimal",
            text: value.text.startsWith("-") ? value.text.slice(1) : `-${value.text}`,
          },
        });
      case "double":
        return this.node("literal", from, { value: { type: "double", value: -value.value } });
      default:
        return this.node("negate", from, { operand });
    }
  }
}

function isBitOperator(operator: string): operator is BitOperator {
  return ["|", "&", "^", "<<", ">>"].includes(operator);
}
