/** The syntax tree of the statements that read and change rows. */

/** Where in the statement's text a node stands: offsets of its first and behind its last character. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export type LiteralValue =
  | { readonly type: "null" }
  | { readonly type: "integer"; readonly value: bigint }
  /** A number with a point: exact. */
  | { readonly type: "decimal"; readonly text: string }
  /** A number with an exponent. */
  | { readonly type: "double"; readonly value: number }
  | { readonly type: "text"; readonly text: string }
  /** `0x41` and `b'101'` are numbers too; `x'41'` is one to MySQL and none to MariaDB. */
  | { readonly type: "bytes"; readonly bytes: Uint8Array; readonly numeric: boolean }
  | { readonly type: "boolean"; readonly value: boolean }
  | { readonly type: "date" | "time" | "datetime"; readonly text: string };

export type ComparisonOperator = "=" | "<=>" | "<>" | "<" | "<=" | ">" | ">=";
export type ArithmeticOperator = "+" | "-" | "*" | "/" | "DIV" | "%";
export type BitOperator = "|" | "&" | "^" | "<<" | ">>";

export const INTERVAL_UNITS = [
  ...["MICROSECOND", "SECOND", "MINUTE", "HOUR", "DAY", "WEEK", "MONTH", "QUARTER", "YEAR"],
  ...["SECOND_MICROSECOND", "MINUTE_MICROSECOND", "MINUTE_SECOND", "HOUR_MICROSECOND"],
  ...["HOUR_SECOND", "HOUR_MINUTE", "DAY_MICROSECOND", "DAY_SECOND", "DAY_MINUTE", "DAY_HOUR"],
  "YEAR_MONTH",
] as const;
export type IntervalUnit = typeof INTERVAL_UNITS[number];

/** The type named in CAST and CONVERT. */
export interface CastType {
  readonly to:
    | "integer"
    | "unsigned"
    | "decimal"
    | "double"
    | "float"
    | "text"
    | "bytes"
    | "date"
    | "time"
    | "datetime"
    | "json"
    | "year";
  /** Length of texts and bytes, digits of decimals, fraction digits of times. */
  readonly length: number | null;
  readonly scale: number | null;
}

export interface WindowSpec {
  readonly name: string | null;
  readonly partitionBy: readonly Expr[];
  readonly orderBy: readonly OrderItem[];
  readonly frame: WindowFrame | null;
}

export interface WindowFrame {
  readonly unit: "ROWS" | "RANGE";
  readonly start: FrameBound;
  readonly end: FrameBound | null;
}

export type FrameBound =
  | { readonly at: "unbounded_preceding" | "unbounded_following" | "current" }
  | { readonly at: "preceding" | "following"; readonly rows: bigint };

interface Nodes {
  literal: { readonly value: LiteralValue };
  column: {
    readonly database: string | null;
    readonly table: string | null;
    readonly name: string;
  };
  call: { readonly name: string; readonly args: readonly Expr[]; readonly over: WindowSpec | null };
  aggregate: {
    /** In capitals. */
    readonly name: string;
    readonly distinct: boolean;
    /** None for COUNT(*). */
    readonly args: readonly Expr[];
    readonly orderBy: readonly OrderItem[];
    readonly separator: string | null;
    readonly over: WindowSpec | null;
  };
  negate: { readonly operand: Expr };
  bit_not: { readonly operand: Expr };
  not: { readonly operand: Expr };
  logical: {
    readonly operator: "AND" | "OR" | "XOR";
    readonly left: Expr;
    readonly right: Expr;
  };
  arithmetic: {
    readonly operator: ArithmeticOperator;
    readonly left: Expr;
    readonly right: Expr;
  };
  bits: { readonly operator: BitOperator; readonly left: Expr; readonly right: Expr };
  compare: {
    readonly operator: ComparisonOperator;
    readonly left: Expr;
    readonly right: Expr;
  };
  /** `a > ALL (SELECT …)`; SOME is ANY. */
  quantified: {
    readonly operator: ComparisonOperator;
    readonly quantifier: "ANY" | "ALL";
    readonly left: Expr;
    readonly query: Query;
  };
  is: {
    readonly operand: Expr;
    readonly negated: boolean;
    readonly what: "null" | "true" | "false" | "unknown";
  };
  like: {
    readonly operand: Expr;
    readonly pattern: Expr;
    readonly escape: Expr | null;
    readonly negated: boolean;
  };
  regexp: { readonly operand: Expr; readonly pattern: Expr; readonly negated: boolean };
  between: {
    readonly operand: Expr;
    readonly low: Expr;
    readonly high: Expr;
    readonly negated: boolean;
  };
  in_list: { readonly operand: Expr; readonly items: readonly Expr[]; readonly negated: boolean };
  in_query: { readonly operand: Expr; readonly query: Query; readonly negated: boolean };
  case: {
    readonly operand: Expr | null;
    readonly branches: readonly { readonly when: Expr; readonly then: Expr }[];
    readonly otherwise: Expr | null;
  };
  cast: { readonly operand: Expr; readonly type: CastType };
  /** `date + INTERVAL amount unit`, in whichever way it was written. */
  shift: {
    readonly operand: Expr;
    readonly amount: Expr;
    readonly unit: IntervalUnit;
    readonly sign: 1 | -1;
  };
  extract: { readonly unit: IntervalUnit; readonly operand: Expr };
  subquery: { readonly query: Query };
  exists: { readonly query: Query };
  row: { readonly items: readonly Expr[] };
  collate: { readonly operand: Expr; readonly collation: string };
  /** `BINARY x`: x as bytes. */
  binary: { readonly operand: Expr };
  /** `DEFAULT(c)`, or DEFAULT alone as a value to be stored. */
  default: { readonly column: string | null };
  /** `VALUES(c)` in ON DUPLICATE KEY UPDATE. */
  inserted: { readonly column: string };
  system_variable: { readonly name: string };
}

export type NodeKind = keyof Nodes;
export type Node<K extends NodeKind> = Span & { readonly kind: K } & Nodes[K];
export type Expr = { [K in NodeKind]: Node<K> }[NodeKind];

export interface OrderItem {
  readonly expr: Expr;
  readonly descending: boolean;
}

export interface Limit {
  readonly count: bigint;
  readonly offset: bigint;
}

export type SelectItem =
  | { readonly star: true; readonly table: string | null; readonly database: string | null }
  | { readonly star: false; readonly expr: Expr; readonly name: string; readonly aliased: boolean };

export type JoinKind = "inner" | "left" | "right";

export interface TableName extends Span {
  readonly database: string | null;
  readonly name: string;
}

export type TableSource =
  | {
    readonly kind: "table";
    readonly table: TableName;
    readonly alias: string | null;
  }
  | {
    readonly kind: "derived";
    readonly query: Query;
    readonly alias: string;
    readonly columns: readonly string[] | null;
  }
  | {
    readonly kind: "join";
    readonly join: JoinKind;
    readonly natural: boolean;
    readonly left: TableSource;
    readonly right: TableSource;
    readonly on: Expr | null;
    readonly using: readonly string[] | null;
  };

export interface SelectBody {
  readonly kind: "select";
  readonly distinct: boolean;
  readonly items: readonly SelectItem[];
  readonly from: TableSource | null;
  readonly where: Expr | null;
  readonly groupBy: readonly Expr[];
  readonly rollup: boolean;
  readonly having: Expr | null;
  readonly windows: readonly { readonly name: string; readonly spec: WindowSpec }[];
}

export interface ValuesBody {
  readonly kind: "values";
  readonly rows: readonly (readonly Expr[])[];
}

export interface SetBody {
  readonly kind: "set";
  readonly operator: "union" | "intersect" | "except";
  readonly all: boolean;
  readonly left: QueryBody;
  readonly right: QueryBody;
}

/** A parenthesised query with an ORDER BY, LIMIT or WITH of its own, inside a larger one. */
export interface NestedBody {
  readonly kind: "nested";
  readonly query: Query;
}

export type QueryBody = SelectBody | ValuesBody | SetBody | NestedBody;

export interface CommonTable {
  readonly name: string;
  readonly columns: readonly string[] | null;
  readonly query: Query;
}

export interface Query extends Span {
  readonly recursive: boolean;
  readonly with: readonly CommonTable[];
  readonly body: QueryBody;
  readonly orderBy: readonly OrderItem[];
  readonly limit: Limit | null;
}

/** `c = value` in SET and ON DUPLICATE KEY UPDATE. */
export interface Assignment {
  readonly column: Node<"column">;
  readonly value: Expr;
}

export interface InsertStatement {
  readonly kind: "insert";
  readonly replace: boolean;
  readonly ignore: boolean;
  readonly table: TableName;
  /** Null where none were named: all columns, in order. */
  readonly columns: readonly Node<"column">[] | null;
  readonly source:
    | { readonly kind: "rows"; readonly rows: readonly (readonly Expr[])[] }
    | { readonly kind: "query"; readonly query: Query };
  /** `AS new(a, b)` behind the rows. */
  readonly alias: { readonly name: string; readonly columns: readonly string[] | null } | null;
  readonly onDuplicate: readonly Assignment[];
}

export interface UpdateStatement {
  readonly kind: "update";
  readonly ignore: boolean;
  readonly with: readonly CommonTable[];
  readonly recursive: boolean;
  readonly from: TableSource;
  readonly set: readonly Assignment[];
  readonly where: Expr | null;
  readonly orderBy: readonly OrderItem[];
  readonly limit: Limit | null;
}

export interface DeleteStatement {
  readonly kind: "delete";
  readonly ignore: boolean;
  readonly with: readonly CommonTable[];
  readonly recursive: boolean;
  /** The tables or aliases rows are deleted from; null in the form with a single table. */
  readonly targets: readonly TableName[] | null;
  readonly from: TableSource;
  readonly where: Expr | null;
  readonly orderBy: readonly OrderItem[];
  readonly limit: Limit | null;
}

export interface SelectStatement {
  readonly kind: "query";
  readonly query: Query;
}

export type RowStatement = SelectStatement | InsertStatement | UpdateStatement | DeleteStatement;
