/** The numbers that AUTO_INCREMENT gives out, gaps included. */
import type { DialectGroup } from "./dialect_case.ts";

const SETUP = [
  "CREATE TABLE n (id INT AUTO_INCREMENT PRIMARY KEY, a INT UNIQUE, c INT NOT NULL DEFAULT 1, CHECK (c > 0))",
  "CREATE TABLE u (id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, a INT)",
  "CREATE TABLE ti (id TINYINT AUTO_INCREMENT PRIMARY KEY, a INT)",
  "CREATE TABLE src (a INT)",
  "INSERT INTO src VALUES (101),(102),(103),(104),(105)",
];

const STATEMENTS = [
  "INSERT INTO n (a) VALUES (1),(2),(3)",
  "INSERT INTO n (a) VALUES (4),(1),(5)",
  "INSERT INTO n (a,c) VALUES (4,-1)",
  "INSERT INTO n (a,c) VALUES (4,NULL)",
  "INSERT INTO n (a,c) VALUES (4,'x')",
  "INSERT INTO n (a) VALUES (4)",
  "INSERT INTO n (id,a) VALUES (NULL,5),(30,6),(NULL,7)",
  "INSERT INTO n (a) VALUES (8)",
  "INSERT INTO n (id,a) VALUES (40,9),(NULL,10),(0,11)",
  "INSERT INTO n (a) VALUES (12)",
  "INSERT INTO n (a) VALUES (12) ON DUPLICATE KEY UPDATE c = c + 1",
  "INSERT INTO n (a) VALUES (12),(13) ON DUPLICATE KEY UPDATE c = c + 1",
  "INSERT INTO n (a) VALUES (13) ON DUPLICATE KEY UPDATE c = c",
  "INSERT INTO n (a) VALUES (13) ON DUPLICATE KEY UPDATE id = LAST_INSERT_ID(id), c = 5",
  "SELECT LAST_INSERT_ID()",
  "INSERT IGNORE INTO n (a) VALUES (13)",
  "INSERT IGNORE INTO n (a) VALUES (13),(14),(15),(1)",
  "REPLACE INTO n (a) VALUES (15),(16)",
  "INSERT INTO n (a) SELECT a FROM src ORDER BY a",
  "INSERT INTO n (a) VALUES (17)",
  "INSERT INTO n (a) SELECT 101",
  "INSERT INTO n (a) VALUES (18)",
  "SELECT * FROM n ORDER BY id",
  "UPDATE n SET id = 200 WHERE a = 18",
  "INSERT INTO n (a) VALUES (19)",
  "DELETE FROM n WHERE a > 18",
  "INSERT INTO n (a) VALUES (20)",
  "INSERT INTO n (id, a) VALUES (-5, 21)",
  "INSERT INTO n (a) VALUES (22)",
  "SELECT * FROM n ORDER BY id",
  "INSERT INTO n (id, a) VALUES (300, 23), (301, 1)",
  "INSERT INTO n (a) VALUES (24)",
  "INSERT INTO n (id, a) VALUES (400, 1)",
  "INSERT INTO n (a) VALUES (25)",
  "INSERT INTO n (id, a) VALUES (500, 26), (NULL, 1)",
  "INSERT INTO n (a) VALUES (27)",
  "SELECT * FROM n ORDER BY id",
  "INSERT INTO ti VALUES (126, 1)",
  "INSERT INTO ti (a) VALUES (2)",
  "INSERT INTO ti (a) VALUES (3)",
  "SELECT * FROM ti",
];

const REFUSED = [
  "INSERT INTO u VALUES (18446744073709551614, 5)",
  "INSERT INTO u VALUES (9223372036854775807, 1), (NULL, 2)",
];

export const NUMBERING: readonly DialectGroup[] = [
  { name: "numbers given out", setup: SETUP, statements: STATEMENTS, refused: REFUSED },
];
