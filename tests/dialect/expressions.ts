/** Operators, comparisons and what chooses among values. */
import type { DialectGroup } from "./dialect_case.ts";

const CONSTANTS = [
  "SELECT 1, -1, +1, 1.50, -0.5, 1e3, 'abc', NULL, TRUE, false, x'41', b'101'",
  "SELECT 1+1, 2 - 5, 3 * 4, 7 / 2, 7 DIV 2, 7 % 3, 7 MOD 3, -7 % 3, 7 % -3, -7 DIV 2",
  "SELECT 1/3, 2/3, 1.0/3, 2.50*2, 2.50+1.1, 10.0-9, 0.1+0.2, 1.5*1.55, 10 % 3.3, 7.5 DIV 2",
  "SELECT 1/0, 5 % 0, 5 DIV 0, 1.5/0, 0/0",
  "SELECT 2/3*3, 1/3*3, (1/3)*1000000, 1/3+1/3, 1e0/3, 22/7.0",
  "SELECT '1' + 1, '1.5' + 1, 'abc' + 1, '5' * '6', '7' / 2, '1e3' + 0, ' 12 ' + 0, 'a' + 'b'",
  "SELECT 0.1e0+0.2e0, 1e15, 1e-5, 1e20, 123456789012345678, 9223372036854775807",
  "SELECT -'5', -(1.50), -TRUE, - 5, -(-5), -NULL",
  "SELECT ~0, ~1, 5 & 3, 5 | 3, 5 ^ 3, 1 << 3, 16 >> 2, -1 & 1, -1 | 0, 1 << 63, -1 >> 1, 1 << 64",
  "SELECT 18446744073709551615, 9223372036854775808, -9223372036854775808, ~0 + 0, ~0 = 18446744073709551615",
  "SELECT 0x41 + 1, 0x41 = 65, 0x4142, HEX(0x41), b'101' + 0, CONCAT(0x41, 'b'), LENGTH(0x4142)",
  "SELECT TRUE + TRUE, (1=1) + 1, (2 > 1) = TRUE, NOT 1, NOT 0, NOT NULL, !1, ! 0",
  "SELECT 1 AND 1, 1 AND 0, NULL AND 0, NULL AND 1, 1 OR NULL, 0 OR NULL, 1 XOR 1, 1 XOR NULL, 2 XOR 3",
  "SELECT 1 || 0, 0 || 0, 1 && 2, NULL || 1, 1 && NULL",
  "SELECT 'abc' AND 1, '1abc' OR 0, NOT 'a', NOT '1a', 0.0 OR 0, 0.5 AND 1",
  "SELECT 3 + 4 * 2, (3 + 4) * 2, 2 * 3 % 4, 10 - 2 - 3, 2 + 3 = 5, 1 < 2 = 1, NOT 1 = 2, -2 + 3",
];

const COMPARISONS = [
  "SELECT 1 = 1, 1 = 2, 1 <> 2, 1 != 1, 1 < 2, 2 <= 2, 3 > 4, 4 >= 4",
  "SELECT NULL = 1, NULL = NULL, NULL <=> NULL, 1 <=> NULL, 1 <=> 1, NULL <> NULL, NULL < 1",
  "SELECT 1 = '1', 1 = '1.0', '1a' = 1, 'abc' = 0, '10' < '9', '10' < 9, 1.5 = '1.50', 2 > '10'",
  "SELECT 'a' = 'A', 'a' = 'b', 'a' < 'B', 'a' = 'a ', 'abc' > 'ABB', '' = ' '",
  "SELECT BINARY 'a' = 'A', BINARY 'a' = 'a', 'a' COLLATE utf8mb4_bin = 'A', 'a' COLLATE utf8mb4_general_ci = 'A'",
  "SELECT 1.5 = 1.50, 1 = 1.0, 0.1 + 0.2 = 0.3, 1e0 = 1, 0.1e0 + 0.2e0 = 0.3, 9007199254740993 = 9007199254740992",
  "SELECT 1 BETWEEN 0 AND 2, 5 BETWEEN 10 AND 1, NULL BETWEEN 1 AND 2, 1 BETWEEN NULL AND 2, 3 BETWEEN NULL AND 2",
  "SELECT 1 NOT BETWEEN 0 AND 2, 'b' BETWEEN 'A' AND 'C', 1 BETWEEN '0' AND '2', '1.0' BETWEEN 1 AND 1",
  "SELECT 1 IN (1,2), '1' IN (1,2), 'a' IN ('A','b'), NULL IN (1), 1 IN (NULL,1), 2 IN (NULL,1), 1 NOT IN (NULL)",
  "SELECT 1 IN (1.0, 2), 1.5 IN (1, 1.5), 'x' NOT IN ('a', 'b'), 3 NOT IN (1, 2)",
  "SELECT (1,2) = (1,2), (1,2) < (1,3), (1,NULL) = (1,2), ROW(1,2) <> (1,3), (1,2) IN ((1,2),(3,4)), (2,1) >= (1,9)",
  "SELECT 1 IS TRUE, 0 IS FALSE, NULL IS UNKNOWN, NULL IS NOT TRUE, 'a' IS TRUE, 1 IS NOT NULL, NULL IS NULL, 2 IS TRUE",
  "SELECT ISNULL(NULL), ISNULL(1), ISNULL(1/0)",
  "SELECT DATE'2020-01-01' = '2020-01-01', DATE'2020-01-01' < '2020-02-01', TIMESTAMP'2020-01-01 10:00:00' > '2020-01-01'",
  "SELECT DATE'2020-01-01' = TIMESTAMP'2020-01-01 00:00:00', DATE'2020-01-01' = 20200101, TIME'10:00:00' = '10:00', TIME'10:00:00' < '9:00:00'",
];

const CHOICES = [
  "SELECT IF(1,'a','b'), IF(0,1,2), IF(NULL,1,2), IF('a',1,2), IF(0,1.5,2), IF(1,'a',1), IF(1,1,'a')",
  "SELECT IFNULL(NULL,1), IFNULL(1,2.50), IFNULL('a',1), IFNULL(NULL,NULL), COALESCE(NULL,NULL,3), COALESCE(NULL,1,'x'), COALESCE(1,1.5)",
  "SELECT NULLIF(1,1), NULLIF(1,2), NULLIF('a','A'), NULLIF('a','b'), NULLIF(1.50,1), NULLIF(NULL,1)",
  "SELECT CASE 1 WHEN 1 THEN 'a' ELSE 'b' END, CASE WHEN 0 THEN 1 END, CASE 'A' WHEN 'a' THEN 1 ELSE 0 END, CASE WHEN 1 THEN 2 ELSE 1.55 END",
  "SELECT CASE NULL WHEN NULL THEN 1 ELSE 2 END, CASE WHEN NULL THEN 1 ELSE 2 END, CASE 3 WHEN 1 THEN 'x' WHEN 3 THEN 'y' END",
  "SELECT GREATEST(1,2,3), LEAST(1,2,3), GREATEST('a','B'), LEAST('a','B'), GREATEST(1,1.5), LEAST(2,1.5), GREATEST(1,NULL), GREATEST('10',9)",
  "SELECT INTERVAL(5,1,4,6), INTERVAL(0,1,2), INTERVAL(NULL,1), ELT(2,'a','b'), ELT(0,'a'), ELT(3,'a'), FIELD('b','a','B'), FIELD('z','a'), FIELD(NULL,'a')",
  "SELECT CAST('12abc' AS SIGNED), CAST(1.5 AS SIGNED), CAST(-1.5 AS SIGNED), CAST('1.9' AS SIGNED), CAST(2.5e0 AS SIGNED), CAST(-1 AS UNSIGNED), CAST(TRUE AS UNSIGNED)",
  "SELECT CAST('1.005' AS DECIMAL(5,2)), CAST(12345.678 AS DECIMAL(5,2)), CAST('abc' AS DECIMAL(5,2)), CAST(5 AS DECIMAL), CAST(1.5 AS CHAR), CAST('abcd' AS CHAR(2)), CAST(5 AS DOUBLE)",
  "SELECT CAST('2020-01-01' AS DATE), CAST('2020-13-01' AS DATE), CAST(20200101 AS DATE), CAST('10:11:12' AS TIME), CAST(101112 AS TIME), CAST('2020-01-01' AS DATETIME), CAST('2020-01-01 10:11:12.56' AS DATETIME(1))",
  "SELECT CONVERT('12', SIGNED), CONVERT('abc' USING utf8mb4), CONVERT(1.5, CHAR), CAST('abc' AS BINARY), CAST('a' AS BINARY(3)), CONVERT('5', DECIMAL(4,1))",
  "SELECT DATABASE() IS NOT NULL, VERSION() IS NOT NULL, CONNECTION_ID() > 0, @@autocommit, @@time_zone, CHARSET('a'), COERCIBILITY('a') IS NOT NULL",
];

const LIKES = [
  "SELECT 'abc' LIKE 'ABC', 'abc' LIKE 'a%', 'abc' LIKE '%c', 'abc' LIKE '%b%', 'abc' LIKE 'a_c', 'abc' LIKE 'a_', 'abc' LIKE '%'",
  "SELECT 'a%c' LIKE 'a\\%c', 'abc' LIKE 'a\\%c', 'a_c' LIKE 'a\\_c', 'abc ' LIKE 'abc', '' LIKE '', '' LIKE '%', 'a' LIKE NULL, NULL LIKE 'a'",
  "SELECT 'x%' LIKE 'x|%' ESCAPE '|', 'xy' LIKE 'x|%' ESCAPE '|', 12 LIKE '1%', 'abc' NOT LIKE 'b%', 'abc' LIKE BINARY 'ABC', 'é' LIKE 'e', 'ab\\ncd' LIKE 'ab%cd'",
  "SELECT 'aaa' LIKE 'a%a%a', 'abcabc' LIKE '%bc%bc', 'abcab' LIKE '%bc%bc', 'mississippi' LIKE 'm%iss%pi'",
  "SELECT 'abc' REGEXP 'B', 'abc' RLIKE '^a.c$', 'abc' REGEXP '^b', 'abc' REGEXP '[0-9]', 'a1' REGEXP '[0-9]+', 'abc' NOT REGEXP 'z', 'x' REGEXP NULL",
  "SELECT 'abc' REGEXP BINARY 'B', 'abc' REGEXP '[[:alpha:]]+', 'a b' REGEXP '[[:space:]]', 'foobar' REGEXP '[[:<:]]foo', 'ab' REGEXP 'a|c', 'abab' REGEXP '^(ab){2}$'",
  "SELECT REGEXP_REPLACE('abc','b','X'), REGEXP_REPLACE('aBc','b','X'), REGEXP_SUBSTR('abc123','[0-9]+'), REGEXP_INSTR('abc123','[0-9]'), REGEXP_REPLACE('abc','(a)(b)','\\\\2\\\\1')",
];

export const EXPRESSIONS: readonly DialectGroup[] = [
  {
    name: "operators",
    setup: [],
    statements: CONSTANTS,
    refused: [
      "SELECT x'41' + 0",
      "SELECT @a",
      "SELECT @a := 1",
      "SELECT SLEEP(0)",
      "SELECT GET_LOCK('a', 1)",
    ],
  },
  { name: "comparisons", setup: [], statements: COMPARISONS },
  {
    name: "choices",
    setup: [],
    statements: CHOICES.map((sql) => sql.replace(", COERCIBILITY('a') IS NOT NULL", "")),
    refused: ["SELECT 'a' COLLATE utf8mb4_unicode_ci", "SELECT CONVERT('a' USING latin1)"],
  },
  { name: "patterns", setup: [], statements: LIKES },
];
