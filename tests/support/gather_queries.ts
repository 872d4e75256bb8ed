/** Tables of many types, and queries made up on them that have one right answer. */
import type { Random } from "../../src/ports/random.ts";

export const GATHER_TABLES: Readonly<Record<string, readonly string[]>> = {
  a: [
    "CREATE TABLE a (id INT PRIMARY KEY, n INT, s VARCHAR(20) COLLATE utf8mb4_general_ci, " +
    "d DECIMAL(10,2), day DATE, j JSON, b VARBINARY(8), f FLOAT, KEY by_n (n, s))",
    "INSERT INTO a VALUES " +
    "(1, 1, 'Ann', 1.50, '2024-01-31', '{\"k\": 1}', x'00ff', 0.1), " +
    "(2, 2, 'ann', 1.05, '2024-02-29', '[1, 2]', x'61', 1.5), " +
    "(3, NULL, 'Bob', NULL, NULL, NULL, NULL, NULL), " +
    "(4, 1, NULL, -3.00, '1999-12-31', '\"x\"', x'', -0.1), " +
    "(5, 3, 'é', 99999999.99, '2024-01-31', 'null', x'41', 16777216), " +
    "(6, 2, 'e', 0.00, '2023-06-01', '{}', x'6100', 1e10), " +
    "(7, 5, '', 1.50, '2024-03-01', '1.5', x'61', 0.1), " +
    "(8, -1, 'ANN ', 2.00, '2024-02-29', '{\"k\": 2}', x'00', 2)",
  ],
  b: [
    "CREATE TABLE b (id BIGINT UNSIGNED PRIMARY KEY, a_id INT, s VARCHAR(20) COLLATE utf8mb4_bin, " +
    "t DATETIME(3), e ENUM('x','y','z'), m SET('p','q'), bits BIT(5), yr YEAR, a INT, KEY (a_id))",
    "INSERT INTO b VALUES " +
    "(1, 1, 'Ann', '2024-01-31 00:00:00.000', 'x', 'p', b'101', 2024, 1), " +
    "(2, 1, 'ann', '2024-01-31 10:20:30.456', 'y', 'p,q', b'0', 1999, 2), " +
    "(3, 2, 'bob', NULL, NULL, '', NULL, NULL, NULL), " +
    "(4, NULL, NULL, '2024-02-29 00:00:00.000', 'z', NULL, b'11111', 2023, 3), " +
    "(5, 4, 'é', '1999-12-31 23:59:59.999', 'x', 'q', b'1', 2024, 1), " +
    "(6, 9, 'e', '2024-03-01 00:00:00.000', 'y', 'p', b'10', 2024, 5), " +
    "(9007199254740993, 5, 'Bob', '2024-01-31 00:00:00.000', 'z', 'q', b'101', 2022, 2), " +
    "(9223372036854775807, 2, 'x', NULL, 'x', 'p', b'111', 2024, NULL)",
  ],
  c: [
    "CREATE TABLE c (u INT NOT NULL, k CHAR(5) COLLATE utf8mb4_general_ci, v DOUBLE, txt TEXT, " +
    "ts TIMESTAMP(6) NULL, w INT GENERATED ALWAYS AS (u * 2) STORED, UNIQUE (u))",
    "INSERT INTO c (u, k, v, txt, ts) VALUES " +
    "(1, 'ANN', 0.1, 'long', '2024-01-31 10:20:30.123456'), " +
    "(2, 'x', 1e300, '', NULL), " +
    "(3, NULL, NULL, NULL, '2001-01-01 00:00:00'), " +
    "(4, 'é', -0.5, 'Long', '2024-02-29 00:00:00'), " +
    "(5, 'bob', 3, 'a\\'b\\\\c', '2024-01-31 10:20:30.123456'), " +
    "(6, 'e', 1.5, 'é', '2024-03-01 01:02:03')",
  ],
};

interface Side {
  readonly name: string;
  readonly key: string;
  /** Columns whose values look alike where they are equal, but for texts. */
  readonly plain: readonly string[];
  readonly numbers: readonly string[];
  readonly texts: readonly string[];
  readonly tests: readonly string[];
}

const SIDES: readonly Side[] = [
  {
    name: "a",
    key: "id",
    plain: ["id", "n", "d", "day", "b", "j", "f"],
    numbers: ["id", "n"],
    texts: ["s"],
    tests: [
      ...[
        "$.n = 1",
        "$.n > 1",
        "$.n IS NULL",
        "$.n <=> NULL",
        "$.n IN (1, 2, NULL)",
        "$.s = 'ANN'",
      ],
      ...["$.s LIKE 'a%'", "$.s >= 'B'", "$.d = 1.5", "$.d BETWEEN -1 AND 1.5", "$.d < '2'"],
      ...["$.day = '2024-01-31'", "$.day >= DATE '2024-01-01'", "$.day <> '2024-02-29'"],
      ...["$.b = 'a'", "$.b = x'61'", "$.b > ''", "$.f = 0.1", "$.f > 1", "$.s IS NOT NULL"],
      ...["$.id = $.n", "$.n NOT IN (1, 5)", "$.s NOT LIKE '%n'", "$.d NOT BETWEEN 0 AND 1"],
      ...["$.n = '2'", "$.s = 0", "$.n = TRUE", "$.id < 5", "$.n + 1 = 2", "UPPER($.s) = 'ANN'"],
    ],
  },
  {
    name: "b",
    key: "id",
    plain: ["id", "a_id", "t", "e", "m", "bits", "yr", "a"],
    numbers: ["a_id", "a"],
    texts: ["s"],
    tests: [
      ...[
        "$.id IS NULL",
        "$.id IS NULL",
        "$.a IS NULL",
        "$.a_id = 1",
        "$.a_id IS NULL",
        "$.s = 'Ann'",
        "$.s LIKE 'b%'",
        "$.e = 'x'",
        "$.e > 1",
      ],
      ...["$.e IN ('x', 'z')", "$.m = 'p'", "$.m = 'q,p'", "$.m LIKE '%q%'", "$.bits = 5"],
      ...["$.bits = b'101'", "$.yr = 2024", "$.yr BETWEEN 1999 AND 2023", "$.t IS NULL", "$.a < 3"],
      ...["$.t = '2024-01-31'", "$.t > '2024-01-31 00:00:00'", "$.id > 9007199254740992"],
      ...["$.id = 9223372036854775807", "$.a = $.a_id", "$.t >= TIMESTAMP '2024-02-29 00:00:00'"],
      ...["$.m IS NULL", "$.id <> 3", "YEAR($.t) = 2024", "$.s <> 'ann'"],
    ],
  },
  {
    name: "c",
    key: "u",
    plain: ["u", "v", "ts", "w"],
    numbers: ["u", "w"],
    texts: ["k", "txt"],
    tests: [
      ...[
        "$.u IS NULL",
        "$.u IS NULL",
        "$.v IS NULL",
        "$.u = 1",
        "$.k = 'ann'",
        "$.k LIKE 'B%'",
        "$.k IS NULL",
        "$.v > 1",
        "$.v = 0.1",
      ],
      ...["$.txt = 'LONG'", "$.txt = ''", "$.ts = '2024-01-31 10:20:30.123456'", "$.w > 4"],
      ...["$.ts > '2024-01-01'", "$.ts IS NULL", "$.u BETWEEN 2 AND 5", "$.w IN (2, 4, 6)"],
      ...["$.txt LIKE 'a\\'b%'", "$.v IS NOT NULL", "$.u <> $.w", "LENGTH($.txt) > 0"],
    ],
  },
];

const OUTER_JOINS = ["LEFT JOIN", "RIGHT JOIN", "LEFT OUTER JOIN"];

export interface MadeUp {
  readonly sql: string;
  /** Rows come in the order that it says, one row at each place. */
  readonly isOrdered: boolean;
}

interface Used {
  readonly side: Side;
  readonly alias: string;
}

/** The query that a source of randomness makes up. */
export function makeUpQuery(random: Random): MadeUp {
  return new MadeUpQuery(random).whole();
}

class MadeUpQuery {
  readonly #random: Random;
  #aliases = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  whole(): MadeUp {
    return this.#pick<() => MadeUp>([
      () => this.#listing(),
      () => this.#listing(),
      () => this.#groups(),
      () => this.#union(),
      () => this.#common(),
    ])();
  }

  #pick<T>(from: readonly T[]): T {
    return from[Math.floor(this.#random.next() * from.length)] as T;
  }

  #often(share: number): boolean {
    return this.#random.next() < share;
  }

  #use(side = this.#pick(SIDES)): Used {
    const alias = this.#often(0.2) ? side.name : `${side.name}${++this.#aliases}`;
    return { side, alias };
  }

  #several(): readonly Used[] {
    const first = this.#use();
    const second = this.#use(this.#pick(SIDES.filter((side) => side !== first.side)));
    const third = this.#often(0.3) ? [this.#use()] : [];
    const all = [first, second, ...third];
    const names = new Set(all.map(({ alias }) => alias));
    return names.size === all.length ? all : [first, second];
  }

  #listing(): MadeUp {
    const used = this.#several();
    const keys = used.map(({ side, alias }) => `${alias}.${side.key}`);
    const shown = this.#often(0.2) ? ["*"] : [
      ...keys,
      ...used.map(({ side, alias }) => `${alias}.${this.#pick([...side.plain, ...side.texts])}`),
      ...(this.#often(0.2) ? [this.#scalar(used)] : []),
    ];
    const isOrdered = this.#often(0.5);
    const order = isOrdered ? ` ORDER BY ${keys.join(", ")}` : "";
    const limit = isOrdered && this.#often(0.5) ? ` LIMIT ${this.#pick([1, 3, 10])}` : "";
    return { sql: `SELECT ${shown.join(", ")}${this.#fromWhere(used)}${order}${limit}`, isOrdered };
  }

  #groups(): MadeUp {
    const used = this.#several();
    const [{ side, alias }] = used as readonly [Used, ...Used[]];
    const by = `${alias}.${
      this.#pick(["n", "a_id", "u", "day", "e", "yr"].filter((each) => side.plain.includes(each)))
    }`;
    const sums = used.map((each) => `SUM(${each.alias}.${this.#pick(each.side.numbers)})`);
    const sql = `SELECT ${by} AS g, COUNT(*), COUNT(DISTINCT ${this.#text(used)}), ` +
      `${sums.join(", ")}${this.#fromWhere(used)} GROUP BY ${by}`;
    const having = this.#often(0.3) ? " HAVING COUNT(*) > 1" : "";
    return { sql: `${sql}${having}`, isOrdered: false };
  }

  #union(): MadeUp {
    const all = this.#pick(["UNION", "UNION ALL", "UNION DISTINCT"]);
    const one = () => {
      const used = this.#often(0.5) ? this.#several() : [this.#use()];
      const [{ side, alias }] = used as readonly [Used, ...Used[]];
      return `SELECT ${alias}.${this.#pick(side.numbers)} AS x${this.#fromWhere(used)}`;
    };
    const last = this.#often(0.3) ? " ORDER BY x" : "";
    return { sql: `${one()} ${all} ${one()}${last}`, isOrdered: false };
  }

  /** WITH, or a derived table, in the place of one of two. */
  #common(): MadeUp {
    const inner = this.#use();
    const { side } = inner;
    const where = this.#often(0.7) ? ` WHERE ${this.#condition([inner])}` : "";
    const body = `SELECT * FROM ${this.#factor(inner)}${where}`;
    const outer = this.#use();
    const join = this.#pick(["JOIN", "LEFT JOIN"]);
    const on = `q.${side.key} = ${outer.alias}.${this.#pick(outer.side.numbers)}`;
    const rest = ` ${join} ${this.#factor(outer)} ON ${on} WHERE ${this.#condition([outer])}`;
    const shown = `q.${side.key}, ${outer.alias}.${outer.side.key}`;
    const sql = this.#often(0.5)
      ? `WITH q AS (${body}) SELECT ${shown} FROM q${rest}`
      : `SELECT ${shown} FROM (${body}) AS q${rest}`;
    return { sql, isOrdered: false };
  }

  #fromWhere(used: readonly Used[]): string {
    const where = this.#often(0.8) ? ` WHERE ${this.#condition(used)}` : "";
    return ` FROM ${this.#joined(used)}${where}`;
  }

  #joined(used: readonly Used[]): string {
    const [first, ...others] = used as readonly [Used, ...Used[]];
    if (others.length === 2 && this.#often(0.3)) return this.#inside(used);
    let joined = this.#factor(first);
    others.forEach((each, at) => {
      const before = used.slice(0, at + 1);
      const join = this.#pick(["JOIN", "INNER JOIN", "LEFT JOIN", "LEFT JOIN", "RIGHT JOIN", ","]);
      const factor = this.#factor(each);
      if (join === ",") joined = `${joined}, ${factor}`;
      else {
        // A comma binds more loosely: what stands before it is not seen behind ON.
        const seen = joined.includes(",") ? before.slice(-1) : before;
        joined = `${joined} ${join} ${factor} ON ${this.#on(seen, each)}`;
      }
    });
    return joined;
  }

  /** The first is joined last: `a LEFT JOIN b LEFT JOIN c ON … ON …`, or the same in parentheses. */
  #inside(used: readonly Used[]): string {
    const [first, second, third] = used as readonly [Used, Used, Used];
    const [outer, inner] = [this.#pick(OUTER_JOINS), this.#pick(OUTER_JOINS)];
    const both = `${this.#factor(second)} ${inner} ${this.#factor(third)} ` +
      `ON ${this.#on([second], third)}`;
    const joined = this.#often(0.5) ? both : `(${both})`;
    return `${this.#factor(first)} ${outer} ${joined} ON ${this.#on([first], second)}`;
  }

  #factor({ side, alias }: Used): string {
    return alias === side.name ? side.name : `${side.name}${this.#pick([" AS", ""])} ${alias}`;
  }

  #on(before: readonly Used[], last: Used): string {
    const equal = this.#often(0.75)
      ? `${this.#number(before)} = ${last.alias}.${this.#pick(last.side.numbers)}`
      : `${this.#text(before)} = ${last.alias}.${this.#pick(last.side.texts)}`;
    return this.#often(0.5) ? `${equal} AND ${this.#test([...before, last])}` : equal;
  }

  #number(used: readonly Used[]): string {
    const { side, alias } = this.#pick(used);
    return `${alias}.${this.#pick(side.numbers)}`;
  }

  #text(used: readonly Used[]): string {
    const { side, alias } = this.#pick(used);
    return `${alias}.${this.#pick(side.texts)}`;
  }

  #condition(used: readonly Used[], depth = 0): string {
    if (depth > 2 || this.#often(0.35)) return this.#test(used);
    const [one, other] = [this.#condition(used, depth + 1), this.#condition(used, depth + 1)];
    return this.#pick([
      `${one} AND ${other}`,
      `${one} AND ${other}`,
      `(${one} OR ${other})`,
      `NOT (${one})`,
      `${one} AND (${other})`,
    ]);
  }

  #test(used: readonly Used[]): string {
    if (this.#often(0.12)) return this.#nested(used);
    if (this.#often(0.1)) return `${this.#number(used)} < ${this.#number(used)}`;
    const { side, alias } = this.#pick(used);
    return this.#pick(side.tests).replaceAll("$", alias);
  }

  #nested(used: readonly Used[]): string {
    const inner = this.#use();
    const { side, alias } = inner;
    if (used.some((each) => each.alias === alias)) return "1 = 1";
    const from = `FROM ${this.#factor(inner)} WHERE ${
      this.#pick(side.tests).replaceAll("$", alias)
    }`;
    const link = `${alias}.${this.#pick(side.numbers)} = ${this.#number(used)}`;
    return this.#pick([
      `${this.#number(used)} IN (SELECT ${alias}.${this.#pick(side.numbers)} ${from})`,
      `EXISTS (SELECT 1 ${from} AND ${link})`,
      `NOT EXISTS (SELECT * ${from} AND ${link})`,
      `${this.#number(used)} > (SELECT MIN(${alias}.${this.#pick(side.numbers)}) ${from})`,
    ]);
  }

  #scalar(used: readonly Used[]): string {
    const inner = this.#use();
    if (used.some(({ alias }) => alias === inner.alias)) return "1";
    const { side, alias } = inner;
    return `(SELECT COUNT(*) FROM ${this.#factor(inner)} ` +
      `WHERE ${alias}.${this.#pick(side.numbers)} = ${this.#number(used)}) AS cnt`;
  }
}
