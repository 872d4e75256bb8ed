/** What all who take statements from an application share. */
import type { ReadLevel } from "../protocol/calls/region.ts";
import type { QueryOptions } from "./api.ts";
import type { Deadline } from "./deadline.ts";
import type { Runner } from "./runner.ts";
import type { StatementReader } from "./statement_reader.ts";

export interface Desk {
  readonly runner: Runner;
  readonly statements: StatementReader;
  /** Which database this is, as USE may name it. */
  readonly cluster: string;
  /** The level of reads that nobody has set. */
  readonly level: ReadLevel;
  deadline(options: QueryOptions): Deadline;
}
