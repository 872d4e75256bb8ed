/**
 * What a transaction has done, and what it was told. When its primary is lost, all of it can be done
 * again at the next one; if that tells the same, the application need not know.
 */
import type { Answered, StatementReply } from "./answers.ts";
import type { Request } from "../protocol/messages.ts";
import type { Row } from "../protocol/values.ts";

export type StatementText = Pick<Request<"query">, "sql" | "foreignKeyChecks" | "lastInsertId">;
export type SavepointStep = Pick<Request<"savepoint">, "step" | "name">;

export type Entry =
  | { readonly kind: "savepoint"; readonly step: SavepointStep }
  | {
    readonly kind: "statement";
    readonly text: StatementText;
    /** Its rows and how it ended; null until that is known. */
    told: string | null;
  };

/** A transaction that was told more than so many characters is not repeated. */
const UNITS_MAX = 256 * 1024;

export class Journal {
  readonly #entries: Entry[] = [];
  #units = 0;

  /** All that was done, in order; null where it cannot be done again and be compared. */
  get entries(): readonly Entry[] | null {
    const isWhole = this.#units <= UNITS_MAX &&
      this.#entries.every((entry) => entry.kind === "savepoint" || entry.told !== null);
    return isWhole ? this.#entries : null;
  }

  /** Savepoints set and not gone, while there is nothing else in it. */
  get savepoints(): readonly string[] {
    let names: string[] = [];
    for (const entry of this.#entries) {
      if (entry.kind === "savepoint") names = after(names, entry.step);
    }
    return names;
  }

  note(entry: Entry): void {
    this.#entries.push(entry);
    if (entry.kind === "statement") this.#count(entry.text.sql);
  }

  /** The reply, of which is noted what it tells while somebody takes it. */
  listen(reply: StatementReply, entry: Entry & { readonly kind: "statement" }): StatementReply {
    const parts: string[] = [];
    const keep = (part: unknown) => {
      if (this.#units > UNITS_MAX) return;
      const text = JSON.stringify(part, bytesAsText);
      this.#count(text);
      parts.push(text);
    };
    const rows = async function* () {
      for await (const batch of reply) {
        for (const row of batch) keep(row);
        yield batch;
      }
      keep(outcomeOf(await reply.answer));
      entry.told = parts.join("\n");
    };
    return {
      columns: reply.columns,
      answer: reply.answer,
      [Symbol.asyncIterator]: (): AsyncIterator<readonly Row[]> => rows(),
    };
  }

  #count(text: string): void {
    this.#units += text.length;
  }
}

/** What an application can see of how a statement ended. */
function outcomeOf({ result: { affected, insertId } }: Answered): unknown {
  return { affected, insertId: insertId ?? null };
}

function bytesAsText(_key: string, value: unknown): unknown {
  return value instanceof Uint8Array ? `x'${value.toHex()}'` : value;
}

/** Setting one takes another of its name away; going back and releasing, those set after it. */
function after(names: readonly string[], { step, name }: SavepointStep): string[] {
  const isSame = (each: string) => each.toLowerCase() === name.toLowerCase();
  if (step === "set") return [...names.filter((each) => !isSame(each)), name];
  const at = names.findIndex(isSame);
  return names.slice(0, step === "back" ? at + 1 : Math.max(0, at));
}
