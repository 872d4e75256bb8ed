/** Columns of every type, with the values that are hardest on a fingerprint. */
export interface TypeCase {
  /** As engines' capabilities call it. */
  readonly name: string;
  /** The definition of the column `v`. */
  readonly column: string;
  /** SQL literals, all different contents. */
  readonly values: readonly string[];
}

const TEXTS = ["NULL", "''", "'a'", "'A'", "'a '", "' a'", "'é'", "'N'", "'1:a'", "'a\\0b'"];
const WIDE = [...TEXTS, "'😀'", "'e\u0301'", "'\u2028'", "'ſ'", "'日本'"];
const BYTES = ["NULL", "x''", "x'00'", "x'0000'", "x'ff'", "x'61'", "x'c3a9'", "x'f0288c28'"];

/** The members of an ENUM or a SET. */
function numbered(count: number): string {
  return Array.from({ length: count }, (_, at) => `'m${at + 1}'`).join();
}

export const TYPE_CASES: readonly TypeCase[] = [
  { name: "tinyint", column: "v TINYINT", values: ["NULL", "-128", "0", "127"] },
  { name: "tinyint unsigned", column: "v TINYINT UNSIGNED", values: ["NULL", "0", "255"] },
  { name: "boolean", column: "v BOOLEAN", values: ["NULL", "TRUE", "FALSE"] },
  { name: "smallint", column: "v SMALLINT", values: ["NULL", "-32768", "32767"] },
  { name: "smallint", column: "v SMALLINT UNSIGNED", values: ["NULL", "0", "65535"] },
  { name: "mediumint", column: "v MEDIUMINT", values: ["NULL", "-8388608", "8388607"] },
  { name: "mediumint", column: "v MEDIUMINT UNSIGNED", values: ["NULL", "0", "16777215"] },
  { name: "int", column: "v INT NOT NULL", values: ["-2147483648", "0", "2147483647"] },
  { name: "int", column: "v INTEGER(5) UNSIGNED", values: ["NULL", "0", "4294967295"] },
  {
    name: "bigint",
    column: "v BIGINT",
    values: ["NULL", "-9223372036854775808", "9223372036854775807", "9007199254740993", "-1"],
  },
  {
    name: "bigint unsigned",
    column: "v BIGINT UNSIGNED",
    values: ["NULL", "0", "9007199254740991", "18446744073709551615"],
  },
  { name: "zerofill", column: "v INT(8) ZEROFILL", values: ["NULL", "0", "7", "123456789"] },
  {
    name: "zerofill",
    column: "v BIGINT(20) ZEROFILL",
    values: ["NULL", "0", "9007199254740993", "18446744073709551615"],
  },
  { name: "zerofill", column: "v DECIMAL(8,2) ZEROFILL", values: ["NULL", "0", "0.5", "7.50"] },
  { name: "decimal", column: "v DECIMAL(10,2)", values: ["NULL", "0", "-0.01", "99999999.99"] },
  { name: "decimal", column: "v DECIMAL(5,0)", values: ["NULL", "0", "-99999"] },
  { name: "decimal", column: "v NUMERIC(4,4)", values: ["NULL", "0", "-0.0001", "0.9999"] },
  { name: "decimal", column: "v DECIMAL(65) UNSIGNED", values: ["NULL", "0", "9".repeat(65)] },
  {
    name: "wide decimal",
    column: "v DECIMAL(65,30)",
    values: [
      ...["NULL", "0", "0.000000000000000000000000000001"],
      "-12345678901234567890123456789012345.123456789012345678901234567890",
    ],
  },
  {
    name: "float",
    column: "v FLOAT",
    values: [
      ...["NULL", "0", "0.1", "16777216", "16777217.5", "123456.789", "1e-45", "-3.402823466e38"],
      "1.17549435e-38",
    ],
  },
  { name: "float(m,d)", column: "v FLOAT(9,3)", values: ["NULL", "0.1", "123456.789", "-7"] },
  { name: "float", column: "v FLOAT UNSIGNED", values: ["NULL", "0", "0.1", "16777217.5"] },
  {
    name: "double",
    column: "v DOUBLE",
    values: [
      ...["NULL", "0", "0.1", "1e15", "1e16", "123456789012345678", "1234567890123456.5", "1e-5"],
      ...["1.5e-15", "1e-16", "-1.7976931348623157e308", "-2.2250738585072014e-308", "5e-324"],
      ...["0.30000000000000004", "9007199254740993"],
    ],
  },
  { name: "negative zero", column: "v DOUBLE", values: ["'-0'"] },
  { name: "double(m,d)", column: "v DOUBLE(30,3)", values: ["NULL", "0.1", "1e22", "12345.6789"] },
  { name: "double", column: "v REAL UNSIGNED", values: ["NULL", "0", "0.1", "1e308"] },
  { name: "double", column: "v FLOAT(53)", values: ["NULL", "-0.1", "0.30000000000000004"] },
  { name: "bit", column: "v BIT(1)", values: ["NULL", "b'0'", "b'1'"] },
  { name: "bit", column: "v BIT(10)", values: ["NULL", "b'0'", "b'1'", "b'1000000001'"] },
  { name: "bit", column: "v BIT(8) NOT NULL", values: ["0", "48", "49", "255"] },
  { name: "bit", column: "v BIT(64)", values: ["NULL", "0", "49", "18446744073709551615"] },
  { name: "year", column: "v YEAR", values: ["NULL", "0", "1901", "2155"] },
  {
    name: "date",
    column: "v DATE",
    values: [
      "NULL",
      "'0000-00-00'",
      "'2024-00-00'",
      "'0001-01-01'",
      "'9999-12-31'",
      "'2024-02-29'",
    ],
  },
  { name: "time", column: "v TIME", values: ["NULL", "'00:00:00'", "'-838:59:59'", "'12:30:00'"] },
  {
    name: "time",
    column: "v TIME(6)",
    values: ["NULL", "'-838:59:59.999999'", "'838:59:59.000001'", "'-00:00:00.000001'", "0"],
  },
  { name: "time", column: "v TIME(3)", values: ["NULL", "'00:00:00.001'", "'-00:00:01'"] },
  {
    name: "datetime",
    column: "v DATETIME",
    values: ["NULL", "'0000-00-00 00:00:00'", "'9999-12-31 23:59:59'", "'2024-02-29 12:00:00'"],
  },
  {
    name: "datetime",
    column: "v DATETIME(6)",
    values: ["NULL", "'0000-00-00 00:00:00'", "'9999-12-31 23:59:59.999999'", "'1000-01-01'"],
  },
  { name: "datetime", column: "v DATETIME(1)", values: ["NULL", "'2024-01-01 00:00:00.1'"] },
  {
    name: "timestamp",
    column: "v TIMESTAMP NULL",
    values: [
      "NULL",
      "0",
      "'1970-01-01 00:00:01'",
      "'2038-01-19 03:14:07'",
      "'2024-10-27 01:30:00'",
    ],
  },
  {
    name: "timestamp",
    column: "v TIMESTAMP(6) NULL",
    values: ["NULL", "0", "'1970-01-01 00:00:00.000001'", "'2038-01-19 03:14:07.999999'"],
  },
  { name: "timestamp", column: "v TIMESTAMP(3) NULL", values: ["NULL", "'2024-02-29 12:00:00.5'"] },
  {
    name: "timestamp",
    column: "v TIMESTAMP(6) NULL ON UPDATE CURRENT_TIMESTAMP(6)",
    values: ["NULL", "'2024-02-29 12:00:00'"],
  },
  { name: "char", column: "v CHAR(10)", values: WIDE.filter((text) => text !== "'a '") },
  { name: "char", column: "v CHAR(0)", values: ["NULL", "''"] },
  { name: "char", column: "v CHAR(255)", values: ["NULL", "REPEAT('😀', 255)"] },
  { name: "national", column: "v NVARCHAR(40)", values: [...TEXTS, "'日本'"] },
  { name: "varchar", column: "v VARCHAR(40)", values: WIDE },
  { name: "varchar", column: "v VARCHAR(16000)", values: ["NULL", "REPEAT('😀', 16000)"] },
  { name: "varchar", column: "v VARCHAR(40) NOT NULL COLLATE utf8mb4_bin", values: WIDE.slice(1) },
  {
    name: "latin1",
    column: "v VARCHAR(40) CHARACTER SET latin1",
    values: [...TEXTS, "'€'", "'ÿ'"],
  },
  { name: "charset", column: "v VARCHAR(40) CHARACTER SET utf8mb3", values: [...TEXTS, "'日本'"] },
  { name: "charset", column: "v VARCHAR(40) CHARACTER SET ascii", values: ["NULL", "''", "'a'"] },
  { name: "utf16", column: "v VARCHAR(40) CHARACTER SET utf16", values: WIDE },
  { name: "other charsets", column: "v VARCHAR(40) CHARACTER SET utf32", values: WIDE },
  {
    name: "other charsets",
    column: "v VARCHAR(40) CHARACTER SET ucs2",
    values: [...TEXTS, "'日本'"],
  },
  {
    name: "other charsets",
    column: "v CHAR(40) CHARACTER SET cp1251",
    values: ["NULL", "''", "'Жя'", "'€'"],
  },
  {
    name: "other charsets",
    column: "v TEXT CHARACTER SET sjis",
    values: ["NULL", "''", "'日本'", "'ｱ'"],
  },
  {
    name: "other charsets",
    column: "v VARCHAR(40) CHARACTER SET gbk",
    values: ["NULL", "''", "'中文'", "'a中'"],
  },
  { name: "latin1", column: "v TEXT CHARACTER SET latin1", values: [...TEXTS, "'€'"] },
  { name: "tinytext", column: "v TINYTEXT", values: WIDE },
  { name: "text", column: "v TEXT", values: [...WIDE, "REPEAT('é', 30000)"] },
  { name: "mediumtext", column: "v MEDIUMTEXT", values: WIDE },
  { name: "longtext", column: "v LONGTEXT", values: [...WIDE, "REPEAT('x', 1000000)"] },
  { name: "binary", column: "v BINARY(255)", values: ["NULL", "x''", "REPEAT(x'ff', 255)"] },
  { name: "binary", column: "v BINARY(4)", values: ["NULL", "x''", "x'01'", "x'ff00ff00'"] },
  { name: "varbinary", column: "v VARBINARY(40)", values: BYTES },
  { name: "blob", column: "v BLOB", values: [...BYTES, "REPEAT(x'ff', 60000)"] },
  { name: "longblob", column: "v LONGBLOB", values: BYTES },
  { name: "tinyblob", column: "v TINYBLOB", values: [...BYTES, "REPEAT(x'00', 255)"] },
  { name: "mediumblob", column: "v MEDIUMBLOB", values: [...BYTES, "REPEAT(x'00', 70000)"] },
  { name: "compressed", column: "v TEXT COMPRESSED", values: [...WIDE, "REPEAT('é', 3000)"] },
  { name: "compressed", column: "v VARBINARY(999) COMPRESSED", values: BYTES },
  {
    name: "enum",
    column: "v ENUM('a', 'é', 'x y')",
    values: ["NULL", "'a'", "'é'", "'x y'", "''"],
  },
  { name: "latin1", column: "v ENUM('é', 'a') CHARACTER SET latin1", values: ["'é'", "'a'", "''"] },
  {
    name: "enum",
    column: `v ENUM(${numbered(300)})`,
    values: ["NULL", "''", "'m1'", "'m256'", "'m300'"],
  },
  {
    name: "set",
    column: `v SET(${numbered(64)})`,
    values: ["NULL", "''", "'m64'", "18446744073709551615", "'m1,m64'"],
  },
  {
    name: "set",
    column: "v SET('a', 'b', 'é')",
    values: ["NULL", "''", "'a'", "'a,é'", "'é,b,a'"],
  },
  {
    name: "json",
    column: "v JSON",
    values: ["NULL", `'{"b": 1,  "a": [1, 2.50, null]}'`, `'"é😀"'`, "'[]'", `'{"a": 1e300}'`],
  },
  {
    name: "geometry",
    column: "v GEOMETRY",
    values: [
      "NULL",
      "ST_GeomFromText('POINT(1 2)', 4326)",
      "ST_GeomFromText('LINESTRING(0 0,1 1)')",
    ],
  },
  { name: "geometry", column: "v POINT NOT NULL", values: ["POINT(0, 0)", "POINT(1, -1)"] },
  {
    name: "geometry",
    column: "v POLYGON",
    values: ["NULL", "ST_GeomFromText('POLYGON((0 0,0 1,1 1,0 0))')"],
  },
  {
    name: "geometry",
    column: "v GEOMETRYCOLLECTION",
    values: [
      "NULL",
      "ST_GeomFromText('GEOMETRYCOLLECTION EMPTY')",
      "ST_GeomFromText('GEOMETRYCOLLECTION(POINT(1 2),MULTIPOINT(0 0,1 1))')",
      "ST_GeomFromText('GEOMETRYCOLLECTION(POINT(1 2),MULTIPOINT(1 1,0 0))')",
    ],
  },
  { name: "uuid", column: "v UUID", values: ["NULL", "'123e4567-e89b-12d3-a456-426614174000'"] },
  { name: "inet6", column: "v INET6", values: ["NULL", "'::'", "'2001:db8::ff00:42:8329'"] },
  { name: "inet4", column: "v INET4", values: ["NULL", "'0.0.0.0'", "'255.1.2.3'"] },
  { name: "stored", column: "u INT, v INT AS (u * 2) STORED", values: ["NULL", "1", "-7"] },
  { name: "virtual", column: "u INT, v INT AS (u * 2) VIRTUAL", values: ["NULL", "1", "-7"] },
  {
    name: "virtual",
    column: "u VARCHAR(9), v TEXT AS (CONCAT(u, 'é')) VIRTUAL",
    values: ["NULL", "''", "'x'"],
  },
  { name: "invisible", column: "u INT, v INT INVISIBLE", values: ["NULL", "1"] },
];
