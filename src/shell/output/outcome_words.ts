/** What is said about a statement when it has ended, in MySQL's words. */
import type { Receipt } from "../../protocol/calls/region.ts";
import type { StatementResult } from "../../protocol/values.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** `0.001 sec`, `1 min 2.345 sec`, `1 hour 0 min 3.000 sec`. */
export function durationWords(ms: number): string {
  const parts: string[] = [];
  let rest = ms;
  if (ms >= DAY) {
    const days = Math.floor(rest / DAY);
    parts.push(`${days} ${days === 1 ? "day" : "days"}`);
    rest -= days * DAY;
  }
  if (ms >= HOUR) {
    const hours = Math.floor(rest / HOUR);
    parts.push(`${hours} ${hours === 1 ? "hour" : "hours"}`);
    rest -= hours * HOUR;
  }
  if (ms >= MINUTE) {
    const minutes = Math.floor(rest / MINUTE);
    parts.push(`${minutes} min`);
    rest -= minutes * MINUTE;
  }
  return [...parts, `${(rest / SECOND).toFixed(3)} sec`].join(" ");
}

/** `2 rows in set (0.001 sec)`; without the time where none is given. */
export function rowsWords(rows: number, warnings: number, ms: number | null): string {
  const what = rows === 0 ? "Empty set" : `${count(rows, "row")} in set`;
  return `${what}${warningWords(warnings)}${timeWords(ms)}`;
}

/** `Query OK, 1 row affected (0.001 sec)`. */
export function changeWords(result: StatementResult, ms: number | null): string {
  const affected = `${count(result.affected, "row")} affected`;
  const line = `Query OK, ${affected}${warningWords(result.warnings ?? 0)}${timeWords(ms)}`;
  return result.info === undefined || result.info === "" ? line : `${line}\n${result.info}`;
}

type Also = NonNullable<Receipt["also"]>[number];

/**
 * `3/3 copies agree, position 8812 (region r7, epoch 2, answered by r3)`, and who does not agree; a
 * line more for each other region that was read.
 */
export function receiptWords(
  { agree, dissent, seq, rid, epoch, region, also = [] }: Receipt,
): string {
  const first = `${votesWords(agree, dissent)}, position ${seq} ` +
    `(region ${region}, epoch ${epoch}, answered by r${rid})`;
  return [first, ...also.map(alsoWords)].join("\n");
}

function alsoWords({ region, epoch, seq, gathered }: Also): string {
  const where = `(region ${region}, epoch ${epoch})`;
  if (gathered === undefined) return `and there position ${seq} ${where}`;
  const { rid, agree, dissent, tables } = gathered;
  const rows = tables.map((each) => {
    const chosen = each.where === null ? "" : ` where ${each.where}`;
    return `${count(each.rows, "row")} of ${each.table}${chosen}`;
  });
  return `gathered from r${rid}: ${rows.join("; ")}: ${votesWords(agree, dissent)}, ` +
    `position ${seq} ${where}`;
}

function votesWords(agree: readonly number[], dissent: readonly number[]): string {
  const against = dissent.length === 0
    ? ""
    : `, not ${dissent.map((each) => `r${each}`).join(" and ")}`;
  return `${agree.length}/${agree.length + dissent.length} copies agree${against}`;
}

/** `r2 1.9 ms · net 0.4 ms`: what the server took, and all the rest. */
export function timingWords(ms: number, receipt: Receipt | null): string {
  if (receipt === null) return `total ${milliseconds(ms)}`;
  const rest = Math.max(0, ms - receipt.ms);
  return `r${receipt.rid} ${milliseconds(receipt.ms)} · net ${milliseconds(rest)}`;
}

function milliseconds(ms: number): string {
  return `${ms.toFixed(1)} ms`;
}

function timeWords(ms: number | null): string {
  return ms === null ? "" : ` (${durationWords(ms)})`;
}

function warningWords(warnings: number): string {
  return warnings === 0 ? "" : `, ${count(warnings, "warning")}`;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
