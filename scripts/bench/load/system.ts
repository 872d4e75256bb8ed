/** A database under load, as the load generator sees it: whoever runs SQL can be one. */

export interface LoadConnection {
  /** Runs one statement; answers how many rows it gave. */
  run(sql: string): Promise<number>;
  close(): Promise<void>;
}

/** A process whose CPU time is told apart. */
export interface LoadProcess {
  /** What it is; processes of one name are added up. */
  readonly name: string;
  readonly pid: number;
}

export interface LoadSystem {
  readonly name: string;
  readonly processes: readonly LoadProcess[];
  connect(): Promise<LoadConnection>;
  /** Raises where the system did not keep what it was measured for. */
  check(): Promise<void>;
  /** Ends it and removes its data. */
  stop(): Promise<void>;
}

/** How to start one; `missing` says what it needs that this machine has not. */
export interface LoadSystemKind {
  readonly name: string;
  /** When a write is acknowledged, so much holds. */
  readonly durability: string;
  missing(): Promise<string | null>;
  start(): Promise<LoadSystem>;
}
