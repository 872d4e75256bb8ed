/** What the functions of one connection know of the statement that is running on it. */
import { sqlError } from "../../protocol/errors.ts";
import { PatternCache } from "./functions_pattern_cache.ts";
import { MysqlRandom } from "./functions_random.ts";

/** What is known before a statement starts. */
export interface StatementFacts {
  /** What NOW() says, in microseconds since 1970. */
  readonly nowMicros: number;
  /** Seeds of RAND(). */
  readonly seeds: readonly [number, number];
  readonly lastInsertId: bigint;
  readonly rowCount: bigint;
  readonly database: string;
  /** Dividing by zero is an error, as it is in statements that store the result. */
  readonly strictDivision?: boolean;
  /** 32 hexadecimal digits that nobody draws twice. */
  readonly drawId: () => string;
  /** Called now and then while the statement runs; raises when it must end. */
  readonly checkDeadline: () => void;
  /** From now on it keeps everybody else waiting. */
  readonly resume?: () => void;
}

/** What SQLite has no value for. */
export const NO_VALUE = true;

/** How many rows go by between two looks at the clock. */
const TICKS_PER_CHECK = 512;

const NOTHING: StatementFacts = {
  nowMicros: 0,
  seeds: [1, 2],
  lastInsertId: 0n,
  rowCount: 0n,
  database: "",
  drawId: () => "0".repeat(32),
  checkDeadline: () => {},
};

/** One per connection, shared by all functions registered on it. */
export class FunctionState {
  /** Patterns of LIKE and REGEXP, compiled. */
  readonly likes = new PatternCache<(text: string) => boolean>();
  readonly regexps = new PatternCache<RegExp>();
  #facts: StatementFacts = NOTHING;
  #random: MysqlRandom | null = null;
  #seeded = new Map<bigint, MysqlRandom>();
  #ticks = 0;
  /** Set by LAST_INSERT_ID(x): what the session says from then on. */
  insertIdSet: bigint | null = null;
  warnings = 0;
  /** The number of the transaction that writes now. */
  writer = 0n;
  /**
   * How a function ends the statement. The driver never comes back from `all()` when a function
   * throws, and sees no error in `iterate()` unless one does. So for the first the error is kept
   * here, and what is returned is no value of SQLite, which fails the statement.
   */
  throws = false;
  #fault: unknown = null;

  get facts(): StatementFacts {
    return this.#facts;
  }

  /** Must be called before every statement, and before a stream goes on after a pause. */
  begin(facts: StatementFacts): void {
    facts.resume?.();
    if (facts === this.#facts) return;
    this.#facts = facts;
    this.#random = null;
    this.#seeded.clear();
    this.#ticks = 0;
    this.insertIdSet = null;
    this.warnings = 0;
  }

  /** What dividing by zero gives, where it gives anything. */
  dividedByZero(): null {
    if (this.#facts.strictDivision === true) throw sqlError(1365, "22012", "Division by 0");
    return null;
  }

  fail(error: unknown): typeof NO_VALUE {
    if (this.throws) throw error;
    this.#fault ??= error;
    return NO_VALUE;
  }

  /** The same for a step of an aggregate, where the driver takes what is thrown for a row of NULLs. */
  failLater(error: unknown): void {
    this.#fault ??= error;
  }

  /** What an aggregate gives whose steps have failed. */
  failed(): typeof NO_VALUE {
    if (this.throws) throw this.#fault;
    return NO_VALUE;
  }

  get hasFailed(): boolean {
    return this.#fault !== null;
  }

  /** The error a function ended the statement with, or null; it is told once. */
  takeFault(): unknown {
    const fault = this.#fault;
    this.#fault = null;
    return fault;
  }

  /** Counts one step of work. */
  tick(): void {
    if (++this.#ticks % TICKS_PER_CHECK === 0) this.#facts.checkDeadline();
  }

  /** RAND(): one sequence for the statement. */
  random(): number {
    this.#random ??= new MysqlRandom(this.#facts.seeds[0], this.#facts.seeds[1]);
    return this.#random.next();
  }

  /** RAND(seed) with a constant seed: one sequence for each place it stands in. */
  seededRandom(place: bigint, seed: bigint): number {
    let random = this.#seeded.get(place);
    if (random === undefined) {
      random = MysqlRandom.seeded(seed);
      this.#seeded.set(place, random);
    }
    return random.next();
  }
}
