/** What a statement knows of the world while it runs: its time, its seeds, its deadline. */
import type { Clock } from "../../ports/clock.ts";
import type { RunOptions, StatementContext } from "../../ports/engine.ts";
import type { Random } from "../../ports/random.ts";
import type { StatementFacts } from "./functions_state.ts";
import { cancelled, timeout } from "./write_lock.ts";

export interface World {
  readonly clock: Clock;
  readonly random: Random;
  readonly database: string;
  /** How often somebody wanted an end of what keeps the process busy. */
  readonly interrupts?: () => number;
}

/** What the session says of the statements before. */
export interface SessionFacts {
  readonly lastInsertId: bigint;
  readonly rowCount: bigint;
}

/** Ends a query that takes so long that others must get their turn; it is begun anew, bit by bit. */
export class SlowQuery extends Error {
  override readonly name = "SlowQuery";
}

/** A query may keep everybody waiting for this long. */
const TURN_MS = 20;
/** Whoever gives way sooner than this is not what keeps the process busy. */
const BUSY_MS = 100;
/** MySQL's generator takes its seeds from this range. */
const SEED_LIMIT = 0x3fff_ffff;

export class Facts implements StatementFacts {
  readonly nowMicros: number;
  readonly lastInsertId: bigint;
  readonly rowCount: bigint;
  readonly database: string;
  readonly deadline: number;
  readonly drawId: () => string;
  /** Set for statements that store what they compute. */
  strictDivision = false;
  readonly #world: World;
  readonly #signal: AbortSignal | undefined;
  readonly #context: StatementContext;
  #seeds: readonly [number, number] | null = null;
  #turnEnds = Infinity;
  #busySince = 0;
  #interruptsBefore = 0;

  constructor(world: World, session: SessionFacts, options: RunOptions) {
    const { context = {} } = options;
    this.#world = world;
    this.#context = context;
    this.#signal = options.signal;
    this.nowMicros = context.timestampMicros ?? world.clock.wallMicros();
    this.lastInsertId = context.lastInsertId === undefined
      ? session.lastInsertId
      : BigInt(context.lastInsertId);
    this.rowCount = session.rowCount;
    this.database = world.database;
    this.deadline = world.clock.now() + options.timeoutMs;
    this.drawId = () => world.random.id();
    this.resume();
  }

  /** Only what somebody waits for: what one copy has done, another must be able to do. */
  get #isInterrupted(): boolean {
    const { interrupts } = this.#world;
    if (interrupts === undefined || this.#signal === undefined) return false;
    return interrupts() > this.#interruptsBefore;
  }

  /** Drawn when they are first needed, which for most statements is never. */
  get seeds(): readonly [number, number] {
    const { randSeed1, randSeed2 } = this.#context;
    const draw = () => Math.floor(this.#world.random.next() * SEED_LIMIT);
    this.#seeds ??= [randSeed1 ?? draw(), randSeed2 ?? draw()];
    return this.#seeds;
  }

  /** From now on the query is to end with `SlowQuery` when its turn is over. */
  startTurn(): void {
    this.#turnEnds = this.#world.clock.now() + TURN_MS;
  }

  endTurns(): void {
    this.#turnEnds = Infinity;
  }

  /** Until it gives way nothing is heard, not even that it was called off. */
  readonly resume = (): void => {
    const { clock, interrupts } = this.#world;
    if (interrupts === undefined) return;
    this.#busySince = clock.now();
    this.#interruptsBefore = interrupts();
  };

  readonly checkDeadline = (): void => {
    if (this.#signal?.aborted) throw cancelled();
    const now = this.#world.clock.now();
    if (now > this.deadline) throw timeout();
    if (now - this.#busySince > BUSY_MS && this.#isInterrupted) throw cancelled();
    if (now > this.#turnEnds) throw new SlowQuery();
  };
}
