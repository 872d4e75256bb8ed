/** Functions on text, numbers and JSON. */
import type { DialectGroup } from "./dialect_case.ts";

const TEXT = [
  "SELECT CONCAT('a','b'), CONCAT('a',NULL), CONCAT(1,2.50,'x'), CONCAT(1e20), CONCAT(0.1e0), CONCAT(TRUE), CONCAT_WS(',','a',NULL,'b'), CONCAT_WS(NULL,'a')",
  "SELECT LENGTH('añ'), CHAR_LENGTH('añ'), LENGTH(''), LENGTH(NULL), LENGTH(123), BIT_LENGTH('abc'), OCTET_LENGTH('é'), CHARACTER_LENGTH('é')",
  "SELECT LEFT('abc',2), LEFT('abc',0), LEFT('abc',-1), LEFT('abc',9), RIGHT('abc',2), RIGHT('abc',-1), LEFT('añb',2), LEFT(NULL,1), LEFT('abc','2')",
  "SELECT SUBSTRING('abcdef',2), SUBSTRING('abcdef',2,3), SUBSTRING('abc',-2), SUBSTRING('abc',0), SUBSTRING('abc',-5), SUBSTRING('abc',2,0), SUBSTRING('abc',2,-1)",
  "SELECT SUBSTR('abcd' FROM 2 FOR 2), SUBSTRING('abcd' FROM -2), MID('abc',2,1), SUBSTRING_INDEX('a.b.c','.',2), SUBSTRING_INDEX('a.b.c','.',-1), SUBSTRING_INDEX('a.b.c','.',0), SUBSTRING_INDEX('abc','x',1)",
  "SELECT LPAD('a',5,'xy'), LPAD('abc',2,'x'), LPAD('a',3,''), LPAD('a',-1,'x'), RPAD('a',4,'xy'), RPAD('abc',2,'x'), LPAD('a',3), RPAD(NULL,3,'x')",
  "SELECT REPEAT('ab',2), REPEAT('ab',0), REPEAT('ab',-1), REVERSE('añb'), REVERSE(''), SPACE(3), SPACE(0), REPLACE('aAa','a','x'), REPLACE('abc','','x'), REPLACE('abc','b',NULL)",
  "SELECT INSTR('xAbc','ab'), INSTR('abc','z'), LOCATE('b','aBc'), LOCATE('b','abcb',3), LOCATE('','abc'), LOCATE('b','abc',0), LOCATE('b','abc',10), POSITION('c' IN 'abc'), LOCATE(NULL,'a')",
  "SELECT LTRIM('  a '), RTRIM(' a  '), TRIM(' a '), TRIM(BOTH 'x' FROM 'xxaxx'), TRIM(LEADING 'xy' FROM 'xyxya'), TRIM(TRAILING 'x' FROM 'axx'), TRIM('a' FROM 'aba'), TRIM('' FROM 'a')",
  "SELECT LOWER('ÀÉ'), UPPER('éa'), LCASE('ABC'), UCASE('abc'), LOWER(NULL), UPPER(12)",
  "SELECT ASCII('a'), ASCII(''), ASCII('ñ'), ORD('ñ'), ORD('€'), ORD(''), CHAR(65,66), CHAR(65 USING utf8mb4), HEX(CHAR(0x4142)), CHAR(77,77.3,'77.3')",
  "SELECT QUOTE('a''b'), HEX('ñ'), HEX(255), HEX(-1), HEX('abc'), HEX(NULL), UNHEX('4142'), UNHEX('zz'), UNHEX('4'), BIN(5), OCT(8), BIN(-1), HEX(UNHEX('ff00'))",
  "SELECT INSERT('abcdef',2,3,'XX'), INSERT('abc',0,1,'x'), INSERT('abc',2,100,'x'), INSERT('abc',4,1,'x'), STRCMP('a','b'), STRCMP('a','A'), STRCMP('b','a'), STRCMP(NULL,'a'), STRCMP('a ','a')",
  "SELECT FIND_IN_SET('b','a,B,c'), FIND_IN_SET('',''), FIND_IN_SET('a',''), FIND_IN_SET('a,b','a,b'), FIND_IN_SET('c','a,b,c'), FIND_IN_SET(NULL,'a'), MAKE_SET(5,'a','b','c'), MAKE_SET(0,'a')",
  "SELECT MD5('a'), SHA1('a'), SHA2('a',256), SHA2('a',512), SHA2('a',1) IS NULL, CRC32('MariaDB'), CRC32(''), CRC32(NULL), SHA('abc'), MD5('ñ'), MD5(1)",
  "SELECT TO_BASE64('abc'), FROM_BASE64('YWJj'), FROM_BASE64('!'), TO_BASE64(REPEAT('a',60)), INET_ATON('1.2.3.4'), INET_ATON('1.2'), INET_ATON('x'), INET_NTOA(16909060), SOUNDEX('hello'), SOUNDEX('Robert')",
  "SELECT FORMAT(1234567.891,2), FORMAT(1234567.891,0), FORMAT(-1234.5,1), FORMAT('12',2), FORMAT(0.5,0), FORMAT(1.5,0), FORMAT(NULL,1), FORMAT(999.999,2), FORMAT(12,0)",
];

const NUMBERS = [
  "SELECT ROUND(1.5), ROUND(2.5), ROUND(-1.5), ROUND(2.5e0), ROUND(1.25,1), ROUND(1.35e0,1), ROUND(15,-1), ROUND(14.9,-1), ROUND(150,-2), ROUND(1.5,5), ROUND('1.5'), ROUND(NULL)",
  "SELECT TRUNCATE(1.999,2), TRUNCATE(-1.999,1), TRUNCATE(199,-2), TRUNCATE('2.59',1), TRUNCATE(1.5,0), TRUNCATE(2.7e0,0), ROUND(9223372036854775807,-1)",
  "SELECT CEIL(1.2), CEIL(-1.2), FLOOR(1.8), FLOOR(-1.2), CEILING(5), CEIL(1.2e0), CEIL('1.2'), FLOOR(5), CEIL(5.0), FLOOR(NULL), CEIL(0.0001)",
  "SELECT ABS(-3), ABS(3), ABS(-1.5), ABS('-3'), ABS(NULL), SIGN(-2), SIGN(0), SIGN(2.5), SIGN('-2'), MOD(7,3), MOD(-5,3), MOD(5.5,2), MOD(5,0), MOD('7',4)",
  "SELECT POW(2,10), POWER(2,0.5), POW(2,-1), SQRT(2), SQRT(-1), EXP(1), EXP(0), LN(1), LN(0), LOG(2), LOG(2,8), LOG10(100), LOG2(8), LOG(-1), LOG(1,2)",
  "SELECT SIN(1), COS(1), TAN(1), ATAN(1), ATAN(1,2), ATAN2(1,2), ASIN(2), ACOS(1), PI(), DEGREES(PI()), RADIANS(180), COT(1)",
  "SELECT CONV('ff',16,10), CONV(10,10,2), CONV(-1,10,16), CONV('zz',36,2), CONV('9',8,10), CONV(NULL,10,2), CONV('a',10,37), BIT_COUNT(7), BIT_COUNT(-1), BIT_COUNT(0)",
  "SELECT RAND(1), RAND(1), RAND(2), RAND(NULL)",
  "SELECT RAND(), RAND()",
  "SELECT CAST(RAND(3) * 1000 AS SIGNED) FROM (SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3) t",
];

const JSONS = [
  `SELECT JSON_EXTRACT('{"a": [1, 2 ]}','$.a'), JSON_EXTRACT('{"a":1,"b":2}','$.a','$.b'), JSON_EXTRACT('[1,[2,3]]','$[1][0]'), JSON_EXTRACT('{"a":1}','$.z'), JSON_EXTRACT('{"a":null}','$.a')`,
  `SELECT JSON_EXTRACT('{"a":{"b":1}}','$.*'), JSON_EXTRACT('[1,2]','$[*]'), JSON_EXTRACT('{"a":"x"}','$.a'), JSON_EXTRACT('{"a b":1}','$."a b"'), JSON_EXTRACT(NULL,'$.a'), JSON_EXTRACT('{"a":1.50}','$.a')`,
  `SELECT JSON_UNQUOTE('"a\\\\nb"'), JSON_UNQUOTE('abc'), JSON_UNQUOTE(JSON_EXTRACT('{"a":"x"}','$.a')), JSON_QUOTE('a"b'), JSON_VALUE('{"a":"x"}','$.a'), JSON_VALUE('{"a":[1]}','$.a')`,
  `SELECT JSON_OBJECT('a',1,'b','x','c',NULL,'d',1.50), JSON_OBJECT(), JSON_ARRAY(1,'a',NULL,TRUE), JSON_ARRAY(), JSON_OBJECT('k',JSON_ARRAY(1,2)), JSON_ARRAY(JSON_OBJECT('a',1))`,
  `SELECT JSON_SET('{"a":1}','$.b',2), JSON_SET('{"a": 1}','$.a','x'), JSON_INSERT('{"a":1}','$.a',5,'$.c',3), JSON_REPLACE('{"a":1}','$.a',5,'$.c',3), JSON_REMOVE('{"a":1,"b":2}','$.a'), JSON_SET('[1,2]','$[1]',9)`,
  `SELECT JSON_VALID('{'), JSON_VALID('1'), JSON_VALID('"a"'), JSON_VALID(NULL), JSON_LENGTH('[1,2]'), JSON_LENGTH('{"a":1}'), JSON_LENGTH('1'), JSON_LENGTH('{"a":[1,2,3]}','$.a'), JSON_DEPTH('[[1]]')`,
  `SELECT JSON_CONTAINS('[1,2]','1'), JSON_CONTAINS('{"a":1,"b":2}','{"a":1}'), JSON_CONTAINS('{"a":1}','1','$.a'), JSON_CONTAINS('[1,2]','3'), JSON_CONTAINS_PATH('{"a":1}','one','$.a'), JSON_CONTAINS_PATH('{"a":1}','all','$.a','$.b')`,
  `SELECT JSON_TYPE('[1]'), JSON_TYPE('{}'), JSON_TYPE('1'), JSON_TYPE('"a"'), JSON_TYPE('null'), JSON_TYPE('true'), JSON_KEYS('{"a":1,"b":2}'), JSON_ARRAY_APPEND('[1]','$',2), JSON_MERGE_PATCH('{"a":1}','{"b":2}')`,
  `SELECT JSON_EXTRACT('{"a":"x"}','$.a') = 'x', JSON_EXTRACT('{"a":5}','$.a') = 5, JSON_EXTRACT('{"a":5}','$.a') > 3`,
];

export const FUNCTIONS: readonly DialectGroup[] = [
  {
    name: "functions on text",
    setup: [],
    statements: TEXT,
    refused: ["SELECT FORMAT(1234.5, 2, 'de_DE')", "SELECT LOAD_FILE('/etc/passwd')"],
  },
  { name: "functions on numbers", setup: [], statements: NUMBERS },
  {
    name: "functions on JSON",
    setup: [],
    statements: JSONS,
    refused: [`SELECT JSON_SEARCH('["a"]', 'one', 'a')`],
  },
];
