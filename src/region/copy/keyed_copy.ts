/**
 * Makes a table with a primary key what it is at the source, writing no more than what differs.
 * It is compared in chunks of the key by what their rows add up to. A chunk that differs is cut
 * into parts, and so on, until a part is small enough to compare row by row; so that few rows
 * travel when few differ. Where most rows differ, all of them travel straight away.
 */
import type { Clock } from "../../ports/clock.ts";
import type { Fingerprint, KeyRange } from "../../ports/engine.ts";
import { MinisqlError } from "../../protocol/errors.ts";
import type { Cell, Row } from "../../protocol/values.ts";
import { ContentSum } from "../../sql/fingerprint.ts";
import type { CopyLimits } from "./limits.ts";
import { isDuplicate, type LocalCopy } from "./local_copy.ts";
import { Pace } from "./pace.ts";
import { bytesOf, type RemoteCopy, type RowSign } from "./remote_copy.ts";
import type { RowWriter } from "./row_writer.ts";
import type { TableRows } from "./table_rows.ts";

export interface KeyedCopyDeps {
  readonly clock: Clock;
  readonly limits: CopyLimits;
  readonly remote: RemoteCopy;
  readonly local: LocalCopy;
  /** For rows among others that are here. */
  readonly mending: RowWriter;
  /** For rows where none are here. */
  readonly filling: RowWriter;
  /** Called after each chunk but the last, with its rows. */
  readonly between: (rows: number) => Promise<void>;
}

/** A part of the key where what is here is not what is at the source. */
interface Difference {
  readonly range: KeyRange;
  readonly theirs: Fingerprint;
  readonly mine: Fingerprint;
}

/** `clear`: only rows that are not at the source are taken out; none are put in. */
type Purpose = "match" | "clear";

/** Rows that are missing are asked for in so many ranges; else all between first and last. */
const RANGES_MAX = 16;

export class KeyedCopy {
  readonly #deps: KeyedCopyDeps;
  readonly #table: TableRows;
  readonly #pace: Pace;
  /** Of the rows compared last, most differed. */
  #isDense = false;
  /** From here on no row is left that is not at the source. */
  #isCleared = false;

  constructor(deps: KeyedCopyDeps, table: TableRows) {
    this.#deps = deps;
    this.#table = table;
    this.#pace = new Pace(deps.limits);
  }

  /** Answers with what the source's rows add up to. */
  async run(): Promise<{ readonly rows: number; readonly sum: string }> {
    const { clock, between } = this.#deps;
    const content = new ContentSum();
    for (let next = this.#chunk(null);;) {
      const started = clock.now();
      const { range, fingerprint } = await next;
      const { upTo } = range;
      // The source looks at the next chunk while this server looks at its own rows of this one.
      if (upTo !== null) next = this.#chunk(upTo);
      next.catch(() => {});
      await this.#match(range, fingerprint);
      content.merge(fingerprint.rows, fingerprint.sum);
      this.#pace.took(fingerprint.rows, clock.now() - started);
      if (upTo === null) return { rows: content.rows, sum: content.sum };
      await between(fingerprint.rows);
    }
  }

  async #chunk(after: readonly Cell[] | null) {
    return await this.#deps.remote.chunk(this.#table, after, this.#pace.rows);
  }

  async #match(range: KeyRange, theirs: Fingerprint): Promise<void> {
    const found = await this.#compare(range, theirs);
    if (found === null) {
      this.#isDense = false;
      return;
    }
    try {
      await this.#repair(found, "match");
    } catch (error) {
      if (this.#isCleared || !isDuplicate(error)) throw error;
      // Further on there is a row with a value that belongs to a row of this chunk.
      await this.#clear(range.after);
      const left = await this.#compare(range, theirs);
      if (left !== null) await this.#repair(left, "match");
    }
    if (await this.#compare(range, theirs) === null) return;
    throw new MinisqlError(
      "DIVERGED",
      `Cannot copy table ${this.#table.name}: rows that were copied are not what they are at the ` +
        "source; does anybody else write to this server's database?",
    );
  }

  /** What differs in a range; null for nothing. */
  async #compare(range: KeyRange, theirs: Fingerprint): Promise<Difference | null> {
    const mine = await this.#deps.local.recompute(this.#table, range);
    return mine.rows === theirs.rows && mine.sum === theirs.sum ? null : { range, theirs, mine };
  }

  async #repair({ range, theirs, mine }: Difference, purpose: Purpose): Promise<void> {
    if (mine.rows === 0) return purpose === "clear" ? undefined : await this.#fill(range);
    if (theirs.rows <= this.#deps.limits.leafRows) return await this.#repairRows(range, purpose);
    if (this.#isDense && purpose === "match") return await this.#rewrite(range);
    for (const part of await this.#differingParts(range, theirs.rows)) {
      await this.#repair(part, purpose);
    }
  }

  /** Cuts a range at rows of the source; what is here behind its last row is in the last part. */
  async #differingParts(range: KeyRange, rows: number): Promise<readonly Difference[]> {
    const found: Difference[] = [];
    const partRows = Math.ceil(rows / this.#deps.limits.parts);
    let after = range.after;
    for (let left = rows; left > 0; left -= partRows) {
      const isLast = left <= partRows;
      const size = isLast ? left : partRows;
      const { range: { upTo }, fingerprint } = await this.#deps.remote
        .chunk(this.#table, after, size);
      const part = { after, upTo: isLast ? range.upTo : upTo };
      const difference = await this.#compare(part, fingerprint);
      if (difference !== null) found.push(difference);
      after = upTo;
    }
    return found;
  }

  /** Compares row by row, and asks for what is missing. */
  async #repairRows(range: KeyRange, purpose: Purpose): Promise<void> {
    const { remote, mending } = this.#deps;
    const signs = await remote.signs(this.#table, range);
    const missing = await this.#takeOutOthers(range, signs.map((sign) => sign.identity));
    this.#isDense = missing.size * 2 > signs.length;
    if (purpose === "match") {
      for (const some of rangesOf(signs, missing, range.after)) {
        for await (const rows of remote.rows(this.#table, some)) await this.#putIn(rows, missing);
      }
    }
    await mending.flush();
  }

  /** Reads all rows of a range from the source, and writes those that differ. */
  async #rewrite(range: KeyRange): Promise<void> {
    const { remote, limits } = this.#deps;
    let after = range.after;
    let batch: Row[] = [];
    let bytes = 0;
    for await (const rows of remote.rows(this.#table, range)) {
      for (const row of rows) {
        batch.push(row);
        bytes += bytesOf(row);
        if (batch.length < limits.leafRows && bytes < limits.pieceBytes) continue;
        const upTo = this.#table.keyOf(row);
        await this.#rewriteRows({ after, upTo }, batch);
        [after, batch, bytes] = [upTo, [], 0];
      }
    }
    await this.#rewriteRows({ after, upTo: range.upTo }, batch);
  }

  async #rewriteRows(range: KeyRange, rows: readonly Row[]): Promise<void> {
    const identities = rows.map((row) => this.#table.identityOf(row));
    const missing = await this.#takeOutOthers(range, identities);
    this.#isDense = missing.size * 2 > rows.length;
    await this.#putIn(rows, missing);
    await this.#deps.mending.flush();
  }

  /** Takes out all rows of a range but those given; answers which of these are not here. */
  async #takeOutOthers(
    { after, upTo }: KeyRange,
    identities: readonly string[],
  ): Promise<ReadonlySet<string>> {
    const { local, mending } = this.#deps;
    const missing = new Set(identities);
    for (let from = after;;) {
      const { rows, isEnd } = await local.page(this.#table, { after: from, upTo });
      for (const row of rows) {
        if (!missing.delete(this.#table.identityOf(row))) await mending.takeOut(row);
      }
      const last = rows.at(-1);
      if (isEnd || last === undefined) return missing;
      from = this.#table.keyOf(last);
    }
  }

  async #putIn(rows: readonly Row[], missing: ReadonlySet<string>): Promise<void> {
    for (const row of rows) {
      if (missing.has(this.#table.identityOf(row))) await this.#deps.mending.putIn(row);
    }
  }

  /** No row of the range is here. */
  async #fill(range: KeyRange): Promise<void> {
    const { remote, filling } = this.#deps;
    for await (const rows of remote.rows(this.#table, range)) {
      for (const row of rows) await filling.putIn(row);
    }
    await filling.flush();
  }

  /** Takes out whatever is not at the source, from a key to the end of the table. */
  async #clear(after: readonly Cell[] | null): Promise<void> {
    for (let from = after;;) {
      const { range, fingerprint } = await this.#chunk(from);
      const found = await this.#compare(range, fingerprint);
      if (found !== null) await this.#repair(found, "clear");
      if (range.upTo === null) break;
      from = range.upTo;
    }
    this.#isCleared = true;
  }
}

/** Ranges that hold the missing rows; also others, where the missing ones are scattered. */
function rangesOf(
  signs: readonly RowSign[],
  missing: ReadonlySet<string>,
  after: readonly Cell[] | null,
): readonly KeyRange[] {
  const ranges: { readonly after: readonly Cell[] | null; upTo: readonly Cell[] }[] = [];
  let previous = after;
  let isOpen = false;
  for (const { key, identity } of signs) {
    const isMissing = missing.has(identity);
    const last = ranges.at(-1);
    if (isMissing && isOpen && last !== undefined) last.upTo = key;
    else if (isMissing) ranges.push({ after: previous, upTo: key });
    isOpen = isMissing;
    previous = key;
  }
  const [first, last] = [ranges[0], ranges.at(-1)];
  if (ranges.length <= RANGES_MAX || first === undefined || last === undefined) return ranges;
  return [{ after: first.after, upTo: last.upTo }];
}
