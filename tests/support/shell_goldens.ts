/** Statements and flags whose output must be what MySQL's own client makes of them. */

export interface Golden {
  /** As both programs take them. */
  readonly flags: readonly string[];
  /** Comes in by -e, or by stdin where the flags have none. */
  readonly sql: string;
  /** What is said beside data is on stdout there, on stderr here: both are compared as one. */
  readonly together?: true;
  /** What the answer says, and whether it may be NULL, is the server's doing, not the shell's. */
  readonly ofServer?: true;
}

export const GOLDEN_SETUP: readonly string[] = [
  "CREATE TABLE people (id INT PRIMARY KEY AUTO_INCREMENT, name VARCHAR(40), born DATE NULL, " +
  "height DECIMAL(5,2), note TEXT)",
  "INSERT INTO people (name, born, height, note) VALUES ('Ada', '1815-12-10', 1.65, 'first\\tof\\nall'), " +
  "('Grace', '1906-12-09', NULL, 'back\\\\slash'), ('O''Hara', NULL, 99.5, NULL)",
  "CREATE TABLE kinds (i TINYINT NOT NULL, u BIGINT UNSIGNED, f FLOAT, d DOUBLE, fd FLOAT(7,3), " +
  "y YEAR, t TIME, dt DATETIME(3), e ENUM('a','b'), s SET('x','y'), b VARBINARY(20), j JSON)",
  "INSERT INTO kinds VALUES (-128, 18446744073709551615, 1.1, 1e100, 1.5, 2024, '-12:34:56', " +
  "'2024-02-29 12:00:00.123', 'b', 'x,y', 'bytes', '{\"a\": 1}'), " +
  "(127, 0, 3e10, -0.0001, 0, 1999, '838:59:59', NULL, 'a', '', '', NULL)",
];

const PEOPLE = "SELECT id, name, born, height FROM people ORDER BY id";
const NOTES = "SELECT id, note FROM people ORDER BY id";
const KINDS = "SELECT * FROM kinds ORDER BY i";

/** Each statement with each set of flags that changes how rows are written. */
const SHAPES: readonly Golden[] = [PEOPLE, KINDS].flatMap((sql) =>
  [[], ["-t"], ["-E"], ["-N"], ["-Nt"], ["-NE"], ["-B"], ["-s"], ["-ss"], ["-sE"], ["-st"], ["-r"]]
    .map((flags) => ({ flags: [...flags, "-e"], sql }))
);

const SCRIPTS: readonly string[] = [
  "SELECT 1;\n\nSELECT nope FROM people;\nSELECT 2;",
  "SELECT 1;\n-- a comment\n\nSELECT\n nope;",
  "/* two\n lines */ SELECT nope;",
  "SELECT 1\\G SELECT 2 AS b\\g SELECT 3;",
  "SELECT 1 \\c SELECT 4;\nSELECT 5",
  "delimiter //\nSELECT 1//\nSELECT 2 //SELECT 3//\ndelimiter ;\nSELECT 4;",
  "SELECT 'a;b', \"c;d\", `id` FROM people LIMIT 1; # end; of line\nSELECT 6;",
  ";;;SELECT 7;;",
  "SELECT 8;\nexit\nSELECT 9;",
  "SELECT 'unfinished",
  "INSERT INTO people (id, name) VALUES (1, 'twice');",
];

const OF_SERVER: readonly string[] = [
  "SELECT 1, 'a' AS x, NULL, 1.50 AS d, 1e20 AS f, CAST(1.1 AS FLOAT) AS g",
  "SELECT 1 AS a, 2 AS a, 'x' AS `a b`",
  "SELECT REPEAT('x', 100) AS wide, 1 AS n",
  "SHOW INDEX FROM people",
  "SELECT 1 FROM nowhere",
  "DROP TABLE nowhere",
  "USE nowhere",
  "SELECT 10; SELECT FROM; SELECT 11",
];

const VALUES: readonly string[] = [
  "SELECT NULL AS a_long_name_for_null, '' AS nothing",
  "SELECT * FROM people WHERE 1 = 0",
  "SELECT COUNT(*), AVG(height), MAX(born) FROM people",
  "SELECT name FROM people UNION ALL SELECT 'é' LIMIT 3",
  "SELECT TRUE, -5 % 3, 7 DIV 2, 1/3, 2*1.5",
  "SHOW TABLES",
  "DESCRIBE people",
  "INSERT IGNORE INTO people (id, name) VALUES (1, 'twice'); SHOW WARNINGS; SHOW COUNT(*) WARNINGS",
];

const CHANGES =
  "INSERT INTO people (name) VALUES ('x'), ('y'); UPDATE people SET note = 'z' WHERE " +
  "name = 'x'; DELETE FROM people WHERE id > 3; SELECT 1 FROM people WHERE 1 = 0; DO 1; SELECT 'e'";

export const GOLDENS: readonly Golden[] = [
  ...SHAPES,
  ...VALUES.flatMap((sql) => [{ flags: ["-e"], sql }, { flags: ["-t", "-e"], sql }]),
  { flags: ["-E", "-e"], sql: "SHOW CREATE TABLE people" },
  { flags: ["-E", "-e"], sql: "SELECT * FROM people WHERE 1 = 0; SELECT 1" },
  { flags: ["-e"], sql: NOTES },
  { flags: ["-r", "-e"], sql: NOTES },
  { flags: ["-E", "-e"], sql: NOTES },
  ...SCRIPTS.map((sql) => ({ flags: [], sql })),
  ...SCRIPTS.slice(0, 3).map((sql) => ({ flags: ["-f"], sql })),
  ...OF_SERVER.flatMap((sql) => [
    { flags: ["-e"], sql, ofServer: true as const },
    { flags: ["-t"], sql, ofServer: true as const },
  ]),
  ...["-v", "-vv", "-vvv"].map((flag) => ({
    flags: [flag, "-e"],
    sql: CHANGES,
    together: true as const,
  })),
  { flags: ["-vvvE", "-e"], sql: CHANGES, together: true },
];
