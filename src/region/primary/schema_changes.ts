/**
 * Schema changes at the primary: open transactions end first, the change is agreed on before it is
 * run, and how it ended is agreed on after. Whoever takes over in between goes on from there.
 */
import type {
  LoggedStatement,
  SchemaBody,
  SchemaDoneBody,
  SchemaOutcome,
} from "../../protocol/entry.ts";
import { MinisqlError, sqlError } from "../../protocol/errors.ts";
import { classify } from "../../sql/classify.ts";
import type { Applier } from "../applier.ts";
import { applySchema, jobSession, noteDone, ranSession, schemaHashes } from "../apply_schema.ts";
import { readSessions } from "../books.ts";
import type { RegionCopy } from "../copy.ts";
import type { Gate } from "../gate.ts";
import type { AnsweredWrites } from "./answered.ts";
import type { CommitLane } from "./commit_lane.ts";

export interface SchemaChangesDeps {
  readonly copy: RegionCopy;
  readonly lane: CommitLane;
  readonly open: Gate;
  readonly office: AbortSignal;
  readonly answered: AnsweredWrites<unknown>;
  readonly fail: (why: string) => void;
  /** Lets go of what would hold a change up. */
  readonly before: () => Promise<void>;
}

export interface SchemaRequest {
  readonly sql: string;
  readonly context: LoggedStatement["context"];
  /** It is done once under this name. */
  readonly job: string;
  readonly signal: AbortSignal;
}

export class SchemaChanges {
  readonly #deps: SchemaChangesDeps;

  constructor(deps: SchemaChangesDeps) {
    this.#deps = deps;
  }

  /** Resolves with what the change came to; an error of the rows' is one of its outcomes. */
  async change(request: SchemaRequest): Promise<SchemaOutcome> {
    const numbered = { session: jobSession(request.job), n: 1 };
    const { answered } = this.#deps;
    const before = answered.find(numbered);
    if (before !== null) return JSON.parse(before.result) as SchemaOutcome;
    return await answered.once(numbered, () => this.#change(request)) as SchemaOutcome;
  }

  async #change(request: SchemaRequest): Promise<SchemaOutcome> {
    const leave = await this.#drain(request.signal);
    try {
      const { lane, copy, office } = this.#deps;
      const letGo = await lane.close(office);
      try {
        await this.#deps.before();
        const body: SchemaBody = {
          kind: "schema",
          sql: request.sql,
          context: request.context,
          before: await schemaHashes(copy, tablesOf(request.sql, copy.tables)),
          job: request.job,
          at: this.#nowMs(),
        };
        const position = await lane.append(body);
        const outcome = await this.#apply({ ...position, body });
        return await this.#finish(request.job, outcome);
      } finally {
        letGo();
      }
    } finally {
      leave();
    }
  }

  /** What was begun and not ended by a primary before this one. */
  async finishLeftover(applier: Applier): Promise<void> {
    const left = applier.schemaOutcome ?? await this.#leftover();
    if (left === null) return;
    const letGo = await this.#deps.lane.close(this.#deps.office);
    try {
      await this.#finish(left.job, left.outcome);
      applier.schemaOutcome = null;
    } finally {
      letGo();
    }
  }

  /** What this copy noted when it ran a change, before a restart. */
  async #leftover(): Promise<{ readonly job: string; readonly outcome: SchemaOutcome } | null> {
    const { copy } = this.#deps;
    const seq = copy.applied.value;
    if (seq === 0 || copy.deps.log.first(copy.region) > seq) return null;
    const [entry] = await copy.entries(seq, seq);
    if (entry?.body.kind !== "schema") return null;
    const { job } = entry.body;
    const [ran] = await copy.use((session) => readSessions(session, copy.region, ranSession(job)));
    if (ran === undefined) return null;
    return { job, outcome: JSON.parse(ran.result) as SchemaOutcome };
  }

  async #drain(signal: AbortSignal): Promise<() => void> {
    const { open, copy, office } = this.#deps;
    const late = new AbortController();
    const why = "Lock wait timeout exceeded: transactions on the region's tables are still open";
    const callOff = copy.deps.clock.after(
      copy.deps.limits.drainMs,
      () => late.abort(sqlError(1205, "HY000", why)),
    );
    try {
      return await open.enter(AbortSignal.any([signal, office, late.signal]), true);
    } finally {
      callOff();
    }
  }

  async #apply(entry: Parameters<typeof applySchema>[1]): Promise<SchemaOutcome> {
    try {
      return await applySchema(this.#deps.copy, entry);
    } catch (error) {
      // Agreed on and not run here: somebody else must go on with it.
      const why = `the schema change could not be run: ${(error as Error).message}`;
      this.#deps.fail(why);
      throw new MinisqlError("OUTCOME_UNKNOWN", `Cannot tell how the change ended: ${why}`);
    }
  }

  async #finish(job: string, outcome: SchemaOutcome): Promise<SchemaOutcome> {
    const { copy, lane, answered } = this.#deps;
    const body: SchemaDoneBody = {
      kind: "schema_done",
      job,
      outcome,
      fingerprints: Object.fromEntries(
        outcome.tables.flatMap(({ table }) => {
          const fingerprint = copy.history.latest(table);
          return fingerprint === null ? [] : [[table, fingerprint]];
        }),
      ),
      at: this.#nowMs(),
    };
    const position = await lane.append(body);
    try {
      await noteDone(copy, { ...position, body });
    } catch (error) {
      this.#deps.fail(`the end of a schema change could not be noted: ${(error as Error).message}`);
      throw error;
    }
    answered.note({ session: jobSession(job), n: 1 }, position.seq, JSON.stringify(outcome));
    return outcome;
  }

  #nowMs(): number {
    return Math.floor(this.#deps.copy.deps.clock.wallMicros() / 1000);
  }
}

/** The tables that a change may make, change or remove. */
function tablesOf(sql: string, region: readonly string[]): readonly string[] {
  const named = classify(sql).tables.map(({ table }) => table);
  return [...new Set([...region, ...named])];
}
