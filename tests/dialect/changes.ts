/** Statements that change rows: what they answer, and what is there afterwards. */
import type { DialectGroup } from "./dialect_case.ts";

const LOOK = "SELECT * FROM t ORDER BY id";

const INSERTS = [
  "INSERT INTO t (name, n) VALUES ('a', 1)",
  "INSERT INTO t (name, n) VALUES ('b', 2), ('c', 3), ('d', 4)",
  "INSERT INTO t SET name = 'e', n = 2 + 3",
  "INSERT INTO t VALUES (10, 'ten', 10, DEFAULT, DEFAULT)",
  "INSERT INTO t (name) VALUES ('after ten')",
  "INSERT INTO t (id, name) VALUES (NULL, 'null id'), (0, 'zero id'), (30, 'thirty'), (NULL, 'after thirty')",
  "INSERT INTO t (id, name) VALUES (25, 'below')",
  "INSERT INTO t (name) VALUES ('next')",
  "INSERT INTO t () VALUES ()",
  "INSERT INTO t (name, n) VALUES (UPPER('x'), LENGTH('abc')), ('y', NULL), (NULL, 1/3*3)",
  "INSERT INTO t (name, price) VALUES ('p', 1.005), ('q', '2.5'), ('r', 1e0), ('s', 2.555)",
  "INSERT INTO t (name, price) VALUES ((SELECT 'sub'), (SELECT MAX(n) FROM other))",
  "REPLACE INTO t (id, name) VALUES (1, 'replaced')",
  "REPLACE INTO t (id, name) VALUES (1, 'again'), (500, 'new'), (2, 'two')",
  "REPLACE INTO t SET id = 500, name = 'set'",
  LOOK,
  "SELECT LAST_INSERT_ID()",
  "INSERT INTO t (name) VALUES ('last one')",
  "SELECT LAST_INSERT_ID(), LAST_INSERT_ID() + 1",
  "SELECT LAST_INSERT_ID(77)",
  "SELECT LAST_INSERT_ID()",
  "SELECT COUNT(*), MAX(id) FROM t",
  "INSERT INTO t (name, n) SELECT CONCAT(name, '!'), n * 10 FROM t WHERE id < 3 ORDER BY id",
  "INSERT INTO other SELECT n, name FROM t WHERE name LIKE '%!'",
  "SELECT name, n FROM t WHERE name LIKE '%!' ORDER BY id",
  "SELECT * FROM other ORDER BY n, label",
];

const DUPLICATES = [
  "INSERT INTO k VALUES (1, 'a', 1), (2, 'b', 2)",
  "INSERT INTO k VALUES (1, 'x', 5) ON DUPLICATE KEY UPDATE n = n + 1",
  "INSERT INTO k VALUES (3, 'A', 5) ON DUPLICATE KEY UPDATE n = VALUES(n)",
  "INSERT INTO k VALUES (1, 'x', 5) ON DUPLICATE KEY UPDATE n = n",
  "INSERT INTO k VALUES (4, 'd', 4), (1, 'q', 9), (5, 'b', 8) ON DUPLICATE KEY UPDATE n = VALUES(n) + 100",
  "INSERT INTO k (id, code) VALUES (2, 'zz') ON DUPLICATE KEY UPDATE code = 'bb', n = n * 2",
  "INSERT INTO k VALUES (2, 'x', 1) ON DUPLICATE KEY UPDATE n = n + 1, code = CONCAT(code, n)",
  "SELECT * FROM k ORDER BY id",
  "INSERT IGNORE INTO k VALUES (1, 'w', 1), (6, 'f', 6), (7, 'F', 7)",
  "SELECT * FROM k ORDER BY id",
  "INSERT INTO k VALUES (8, 'g', 1), (9, 'h', 1), (1, 'i', 1)",
  "SELECT COUNT(*) FROM k",
  "REPLACE INTO k VALUES (1, 'f', 0)",
  "SELECT * FROM k ORDER BY id",
  "INSERT INTO k VALUES (1, NULL, 0), (50, NULL, 0), (51, NULL, 0) ON DUPLICATE KEY UPDATE n = 7",
  "SELECT * FROM k ORDER BY id",
  "INSERT INTO k VALUES (60, 'é', 0)",
  "INSERT INTO k VALUES (61, 'E', 0)",
  "INSERT INTO k VALUES (62, 'f ', 0)",
];

const UPDATES = [
  "UPDATE t SET n = n + 1 WHERE id = 1",
  "UPDATE t SET n = n WHERE id = 1",
  "UPDATE t SET n = 5, name = 'five' WHERE id IN (1, 2)",
  "UPDATE t SET n = n + 1, price = n WHERE id = 3",
  "UPDATE t SET name = CONCAT(name, '-', id)",
  "UPDATE t SET n = 100 ORDER BY id DESC LIMIT 2",
  "UPDATE t SET price = price * 1.5 WHERE price IS NOT NULL",
  "UPDATE t SET n = NULL WHERE id = 4",
  "UPDATE t SET name = DEFAULT WHERE id = 4",
  "UPDATE t SET id = id + 1000 WHERE id > 3",
  "UPDATE t SET id = 2 WHERE id = 1",
  "UPDATE t SET id = id + 1 ORDER BY id DESC",
  "UPDATE t AS x SET x.n = (SELECT MAX(o.n) FROM other o) WHERE x.id = 2",
  "UPDATE t SET n = id WHERE name LIKE '%-%' AND id < 1000",
  "SELECT * FROM t ORDER BY id",
  "UPDATE t JOIN other o ON o.n = t.id SET t.name = o.label",
  "UPDATE t, other o SET t.n = o.n * 2, o.label = 'used' WHERE t.id = o.n",
  "SELECT * FROM t ORDER BY id",
  "SELECT * FROM other ORDER BY n",
  "UPDATE t LEFT JOIN other o ON o.n = t.id SET t.n = -1 WHERE o.n IS NULL",
  "UPDATE t SET n = 1 WHERE id = -1",
  "SELECT id, n FROM t ORDER BY id",
];

const DELETES = [
  "DELETE FROM t WHERE id = 1",
  "DELETE FROM t WHERE id = 1",
  "DELETE FROM t ORDER BY id DESC LIMIT 1",
  "DELETE FROM t WHERE n IN (SELECT n FROM other)",
  "DELETE t FROM t JOIN other o ON o.n = t.id",
  "DELETE FROM t USING t JOIN other ON other.label = t.name",
  "DELETE a, b FROM t a JOIN other b ON b.n = a.n + 2",
  "SELECT id FROM t ORDER BY id",
  "SELECT n FROM other ORDER BY n",
  "DELETE FROM t WHERE t.id > 4",
  "DELETE FROM t",
  "DELETE FROM t",
  "INSERT INTO t (name) VALUES ('fresh')",
  "SELECT id, name FROM t",
  "TRUNCATE TABLE t",
  "INSERT INTO t (name) VALUES ('first')",
  "SELECT id, name FROM t",
];

const KEYS = [
  "INSERT INTO parent VALUES (1, 'a'), (2, 'b'), (3, 'c')",
  "INSERT INTO child VALUES (1, 1, 'x'), (2, 1, 'y'), (3, 2, 'z'), (4, NULL, 'w')",
  "INSERT INTO child VALUES (5, 9, 'no')",
  "INSERT IGNORE INTO child VALUES (6, 9, 'no'), (7, 3, 'yes')",
  "UPDATE child SET parent = 8 WHERE id = 1",
  "DELETE FROM parent WHERE id = 2",
  "UPDATE parent SET id = 10 WHERE id = 1",
  "SELECT * FROM child ORDER BY id",
  "INSERT INTO strict VALUES (1, 10)",
  "DELETE FROM parent WHERE id = 10",
  "UPDATE parent SET id = 11 WHERE id = 10",
  "DELETE FROM strict",
  "DELETE FROM parent WHERE id = 10",
  "SELECT * FROM child ORDER BY id",
  "INSERT INTO tree VALUES (1, NULL), (2, 1), (3, 2), (4, 4)",
  "DELETE FROM tree WHERE id = 1",
  "SELECT * FROM tree ORDER BY id",
  "INSERT INTO nullable VALUES (1, 3), (2, 3)",
  "DELETE FROM parent WHERE id = 3",
  "SELECT * FROM nullable ORDER BY id",
];

const TABLES = [
  "CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(20) DEFAULT 'none', n INT, price DECIMAL(8,2), made DATETIME DEFAULT CURRENT_TIMESTAMP)",
  "CREATE TABLE other (n INT, label VARCHAR(20))",
  "INSERT INTO other VALUES (2, 'two'), (5, 'five'), (7, 'seven')",
];
const FILLED = [
  ...TABLES,
  "INSERT INTO t (name, n, price) VALUES ('a', 1, 1.50), ('b', 2, NULL), ('c', 3, 3.33), ('d', 4, 4), ('e', 5, 5), ('five', 6, 6)",
];

export const CHANGES: readonly DialectGroup[] = [
  {
    name: "inserts",
    setup: TABLES,
    statements: INSERTS,
    refused: [
      "INSERT INTO t (name) VALUES ('x') RETURNING id",
      "LOAD DATA INFILE '/tmp/x' INTO TABLE t",
    ],
  },
  {
    name: "duplicates",
    setup: [
      "CREATE TABLE k (id INT PRIMARY KEY, code VARCHAR(10), n INT DEFAULT 0, UNIQUE KEY code (code))",
    ],
    statements: DUPLICATES,
  },
  { name: "updates", setup: FILLED, statements: UPDATES },
  { name: "deletes", setup: FILLED, statements: DELETES },
  {
    name: "foreign keys",
    setup: [
      "CREATE TABLE parent (id INT PRIMARY KEY, v VARCHAR(5))",
      "CREATE TABLE child (id INT PRIMARY KEY, parent INT, v VARCHAR(5), FOREIGN KEY (parent) REFERENCES parent (id) ON DELETE CASCADE ON UPDATE CASCADE)",
      "CREATE TABLE strict (id INT PRIMARY KEY, parent INT, CONSTRAINT hard FOREIGN KEY (parent) REFERENCES parent (id))",
      "CREATE TABLE tree (id INT PRIMARY KEY, up INT, FOREIGN KEY (up) REFERENCES tree (id) ON DELETE CASCADE)",
      "CREATE TABLE nullable (id INT PRIMARY KEY, parent INT, FOREIGN KEY (parent) REFERENCES parent (id) ON DELETE SET NULL)",
    ],
    statements: KEYS,
  },
];
