/** What of a dump is done here, and what is not. */
import assert from "node:assert/strict";
import { dumpStep } from "./dump.ts";

Deno.test("dump: what is for its own server is left out", () => {
  const nothing = [
    "/*M!999999\\- enable the sandbox mode */",
    "/*!40101 SET @OLD_CHARACTER_SET_CLIENT=@@CHARACTER_SET_CLIENT */",
    "/*!40101 SET NAMES utf8mb4 */",
    "/*!40103 SET TIME_ZONE='+00:00' */",
    "/*!40101 SET @OLD_SQL_MODE=@@SQL_MODE, SQL_MODE='NO_AUTO_VALUE_ON_ZERO' */",
    "/*!40101 SET character_set_client = @saved_cs_client */",
    "/*!40000 ALTER TABLE `t` DISABLE KEYS */",
    "LOCK TABLES `t` WRITE",
    "UNLOCK TABLES",
    "CREATE DATABASE /*!32312 IF NOT EXISTS*/ `shop`",
    "USE `shop`",
    "set autocommit=0",
    "START TRANSACTION",
    "commit",
    "--\n-- Dumping data for table `t`\n--\n\nLOCK TABLES `t` WRITE",
    "# a remark\n/* another; */ -- and one\nUSE `shop`",
    "--\n-- Dump completed\n",
    "--\n\n/*!40101 SET character_set_client = utf8mb4 */",
  ];
  for (const sql of nothing) assert.equal(dumpStep(sql).kind, "nothing", sql);
});

Deno.test("dump: foreign key checks are kept, and put back at the end", () => {
  const off = "/*!40014 SET @OLD_FOREIGN_KEY_CHECKS=@@FOREIGN_KEY_CHECKS, FOREIGN_KEY_CHECKS=0 */";
  assert.deepEqual(dumpStep(off), { kind: "set", sql: "SET foreign_key_checks = 0" });
  const back = "/*!40014 SET FOREIGN_KEY_CHECKS=@OLD_FOREIGN_KEY_CHECKS */";
  assert.deepEqual(dumpStep(back), { kind: "set", sql: "SET foreign_key_checks = 1" });
  const other = dumpStep("SET minisql_read = 'fast'");
  assert.deepEqual(other, { kind: "set", sql: "SET minisql_read = 'fast'" });
});

Deno.test("dump: rows are told by their table, everything else is run", () => {
  const rows = dumpStep("INSERT INTO `my t` VALUES (1),(2)");
  assert.deepEqual(rows, { kind: "rows", sql: "INSERT INTO `my t` VALUES (1),(2)", table: "my t" });
  for (
    const sql of [
      "DROP TABLE IF EXISTS `t`",
      "CREATE TABLE t (a INT)",
      "nonsense",
      "ALTER TABLE t ADD b INT",
      "--1",
      "/*!50001 CREATE TABLE t (a INT) */",
    ]
  ) {
    assert.deepEqual(dumpStep(sql), { kind: "run", sql });
  }
});
