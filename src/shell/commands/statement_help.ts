/** What the statements of minisql look like, and what is different from a single MySQL server. */
import { ShellError } from "../shell_error.ts";

interface Topic {
  readonly syntax: readonly string[];
  readonly notes: readonly string[];
}

const TOPICS: Readonly<Record<string, Topic>> = {
  SELECT: {
    syntax: [
      "SELECT [DISTINCT] expressions FROM tables [WHERE …] [GROUP BY …] [HAVING …]",
      "  [ORDER BY …] [LIMIT …]",
    ],
    notes: [
      "Answered by a copy that is in sync; \\read says how the answer is checked.",
      "Tables of several regions are brought together where the largest is.",
    ],
  },
  INSERT: {
    syntax: [
      "INSERT [IGNORE] INTO table [(columns)] VALUES (…), (…) [ON DUPLICATE KEY UPDATE …]",
      "INSERT INTO table SELECT …",
    ],
    notes: ["Done when every copy in sync has it on disk."],
  },
  UPDATE: {
    syntax: ["UPDATE table SET column = expression, … [WHERE …] [ORDER BY … LIMIT n]"],
    notes: ["With LIMIT, ORDER BY must leave no doubt which rows are meant."],
  },
  DELETE: {
    syntax: ["DELETE FROM table [WHERE …] [ORDER BY … LIMIT n]"],
    notes: ["With LIMIT, ORDER BY must leave no doubt which rows are meant."],
  },
  "CREATE TABLE": {
    syntax: ["CREATE TABLE [IF NOT EXISTS] table (columns, keys) [options]"],
    notes: [
      "The master places its copies on the least loaded servers.",
      "With a foreign key it joins the region of the table it refers to.",
    ],
  },
  "ALTER TABLE": {
    syntax: ["ALTER TABLE table ADD|DROP|MODIFY|CHANGE|RENAME …"],
    notes: ["A job of the master's: every copy changes, and their schemas are compared."],
  },
  BEGIN: {
    syntax: ["BEGIN | START TRANSACTION [READ ONLY]", "COMMIT | ROLLBACK | SAVEPOINT name"],
    notes: ["A transaction changes tables of one region."],
  },
  SHOW: {
    syntax: [
      "SHOW TABLES | DATABASES | COLUMNS FROM t | CREATE TABLE t | INDEX FROM t | WARNINGS",
      "SHOW SERVERS | REGIONS | MASTERS | EVENTS | JOBS | TABLE STATUS | CLUSTER STATUS",
    ],
    notes: ["The second line is about the cluster."],
  },
  "EXPLAIN ROUTE": {
    syntax: ["EXPLAIN ROUTE statement"],
    notes: ["Where the statement would run, why there, and what would be voted on."],
  },
  CLEAR: {
    syntax: ["CLEAR [cluster]"],
    notes: [
      "Drops every table. Asks for the cluster's name; in scripts the name must be written.",
      "The bare word `clear`, without a delimiter, only forgets what was typed.",
    ],
  },
  "LOCK TABLES": { syntax: [], notes: ["Not supported: use a transaction."] },
  "CREATE PROCEDURE": { syntax: [], notes: ["Not supported: routines could run differently."] },
};

export function statementHelp(words: string): readonly string[] {
  const wanted = words.trim().replace(/\s+/g, " ").toUpperCase();
  const names = Object.keys(TOPICS);
  const name = names.find((each) => each === wanted) ??
    names.find((each) => each.startsWith(wanted) || wanted.startsWith(each));
  const topic = name === undefined ? undefined : TOPICS[name];
  if (topic === undefined) {
    throw new ShellError(`Nothing is known about '${words}'. Try one of ${names.join(", ")}`);
  }
  return [`${name}`, ...topic.syntax.map((line) => `  ${line}`), ...topic.notes];
}
