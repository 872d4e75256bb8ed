/**
 * Classic bugs of replication, as edits of the source: each is planted in a copy, for the simulator
 * to find. Texts to be replaced must stand in their file exactly once.
 */

export interface Edit {
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

export interface Mutant {
  readonly id: string;
  readonly bug: string;
  readonly edits: readonly Edit[];
}

const edit = (file: string, find: string, replace: string): Edit => ({
  file: `src/${file}`,
  find,
  replace,
});

const PRIMARY = "region/primary/primary.ts";
const LANE = "region/primary/commit_lane.ts";
const KEEPER = "region/primary/keeper.ts";
const QUORUM = "region/primary/quorum.ts";
const SHIPPER = "region/primary/shipper.ts";
const FOLLOWER = "region/follower.ts";
const REPLICA = "region/replica.ts";
const REPLICAS = "region/replicas.ts";
const BOOKS = "region/books.ts";

/** Who leads, and until when. */
const LEADING: readonly Mutant[] = [
  {
    id: "M1",
    bug: "an old primary goes on serving reads that ask for the latest",
    edits: [edit(
      PRIMARY,
      "if (await this.#confirmation.round(Math.min(left, limits.ackMs))) return committed;",
      "if (committed >= 0) return committed;",
    )],
  },
  {
    id: "M2",
    bug: "a primary that wakes up ships in its old epoch, and is followed",
    edits: [
      edit(
        FOLLOWER,
        "if (epoch >= promised) return;",
        "if (epoch >= 0) return;",
      ),
      edit(
        FOLLOWER,
        "if (this.#leader?.epoch === epoch && this.#leader.rid === from) {",
        "if (epoch > 0) {",
      ),
    ],
  },
  {
    id: "M3",
    bug: "a primary commits because it was primary when it looked, before anybody has acknowledged",
    edits: [edit(
      LANE,
      "const isCommitted = await quorum.committed.reach(position.seq, clock, null, office);",
      "const isCommitted = !office.aborted;",
    )],
  },
  {
    id: "M11",
    bug: "a new primary throws away what its log holds and it has not applied",
    edits: [edit(
      PRIMARY,
      "const tail = copy.last.seq;\n    this.quorum.local(tail);",
      "await copy.deps.log.truncate(copy.region, copy.applied.value);\n" +
        "    const tail = copy.last.seq;\n    this.quorum.local(tail);",
    )],
  },
  {
    id: "M12",
    bug: "whoever is left takes over, in sync or not",
    edits: [edit(
      "region/succession.ts",
      "if (own === undefined) return NONE;",
      "if (own === undefined) {\n" +
        "    return heir.suspicion === null || unfit !== null ? NONE : take(state, heir, heir.suspicion);\n" +
        "  }",
    )],
  },
  {
    id: "M24",
    bug: "a suspicion outlives the primary it was about: all take over from one another for ever",
    edits: [
      edit(
        "region/suspicion.ts",
        "this.#held?.epoch === epoch ? this.#held.why : null;",
        "this.#held?.why ?? null;",
      ),
      edit(
        REPLICA,
        "const answer = await this.#follower.follow(request, this.copying.isRunning);\n" +
          "      this.#suspicion.drop();",
        "const answer = await this.#follower.follow(request, this.copying.isRunning);",
      ),
      edit(
        REPLICA,
        "this.#suspicion.drop();\n      this.#watchman.stop();",
        "this.#watchman.stop();",
      ),
    ],
  },
  {
    id: "M25",
    bug: "after the hand-over the old primary goes on taking writes",
    edits: [
      edit(PRIMARY, "this.end(`the role was given to server ${to}`);\n", ""),
      edit(
        PRIMARY,
        "if (state.epoch > this.epoch || state.primary !== this.#deps.self.rid) {",
        "if (state.epoch > this.epoch + 1) {",
      ),
      edit(FOLLOWER, "if (epoch >= promised) return;", "if (epoch >= promised - 1) return;"),
    ],
  },
];

/** What counts as held, by whom. */
const COUNTING: readonly Mutant[] = [
  {
    id: "M4",
    bug: "the in-sync set shrinks here before the service has accepted it",
    edits: [edit(
      KEEPER,
      "quorum.propose(wanted.isr);",
      "quorum.settle(wanted.isr, minInSyncOf(this.#known.state));",
    )],
  },
  {
    id: "M5",
    bug: "while a replica is entering the set, the old one alone decides what is committed",
    edits: [edit(
      QUORUM,
      "    for (const each of this.#proposed) lowest = Math.min(lowest, this.heldBy(each));\n",
      "",
    )],
  },
  {
    id: "M6",
    bug: "a replica enters the set when it is nearly there",
    edits: [edit(
      KEEPER,
      "const isComplete = held >= Math.max(start, quorum.committed.value);",
      "const isComplete = held + 3 >= Math.max(start, quorum.committed.value);",
    )],
  },
  {
    id: "M7",
    bug: "a server counts for what it held as the process it was before",
    edits: [edit(
      QUORUM,
      "return held?.incarnation === incarnation ? held.seq : -1;",
      "return held?.seq ?? this.#local;",
    )],
  },
  {
    id: "M8",
    bug: "entries are acknowledged before they are on disk",
    edits: [
      edit(
        FOLLOWER,
        "await stored;\n    // Meanwhile",
        "await null;\n    // Meanwhile",
      ),
    ],
  },
  {
    id: "M23",
    bug: "a replica that does not answer is waited for without end",
    edits: [
      edit(
        SHIPPER,
        'caller.call("replicate", request, { timeoutMs: limits.ackMs })',
        'caller.call("replicate", request, { timeoutMs: 3_600_000 })',
      ),
    ],
  },
  {
    id: "M26",
    bug: "a write is said to have failed though its entry was shipped",
    edits: [edit(
      LANE,
      'return new MinisqlError("OUTCOME_UNKNOWN", `Cannot tell whether entry',
      'return new MinisqlError("UNAVAILABLE", `Cannot tell whether entry',
    )],
  },
];

/** What is applied, from where, how often. */
const APPLYING: readonly Mutant[] = [
  {
    id: "M9",
    bug: "the position is stored apart from the rows",
    edits: [
      edit(
        "region/apply.ts",
        "[...entry.body.statements, ...books.map((sql) => ({ sql, context: {} }))]",
        "entry.body.statements",
      ),
      edit(
        "region/apply.ts",
        "copy.mayShow(entry.seq);\n    await session.commit();",
        "copy.mayShow(entry.seq);\n    await session.commit();\n" +
          '    await session.begin("write");\n' +
          "    for (const sql of books) await session.run(sql, { timeoutMs: APPLY_MS });\n" +
          "    await session.commit();",
      ),
    ],
  },
  {
    id: "M10",
    bug: "logs are compared by position, whatever the epoch",
    edits: [edit(
      "region/log_match.ts",
      "if (own.epoch !== range.epoch) continue;",
      "if (own.epoch > range.epoch + 1000) continue;",
    )],
  },
  {
    id: "M19",
    bug: "entries are taken wherever they say they belong",
    edits: [edit(
      FOLLOWER,
      'throw new MinisqlError(\n        "BEHIND",\n        `Cannot append after',
      "await log.truncate(region, Math.min(previous.seq, last.seq));\n" +
        '      if (previous.seq > last.seq) throw new MinisqlError(\n        "BEHIND",\n' +
        "        `Cannot append after",
    )],
  },
  {
    id: "M20",
    bug: "a region is copied at another position than it says",
    edits: [edit(
      "region/copy/open_copy.ts",
      'await session.begin("snapshot");\n      const applied = await readApplied(session, region);',
      "const applied = await readApplied(session, region);\n" +
        '      await deps.clock.sleep(5);\n      await session.begin("snapshot");',
    )],
  },
  {
    id: "M21",
    bug: "a client sends a write again as if it were another",
    edits: [edit(
      "client/writes.ts",
      "sql: statement.sql,\n      ...number,",
      "sql: statement.sql,\n      ...(number.n > 0 ? this.#deps.numbers.take() : number),",
    )],
  },
  {
    id: "M22",
    bug: "votes compare what copies hold now, at whatever position that is",
    edits: [edit(
      "region/replica_view.ts",
      "return seq > copy.applied.value ? null : copy.history.at(table, seq);",
      "return copy.history.latest(table);",
    )],
  },
];

/** The coordination service, as it is and as it is used. */
const COORDINATING: readonly Mutant[] = [
  {
    id: "M13",
    bug: "a change whose answer was lost is sent again, and its own success taken for another's",
    edits: [
      edit(
        "cluster/compare_and_set.ts",
        'return nonceOf(node) === change.nonce ? node.version : "other";',
        'return nonceOf(node) === null ? node.version : "other";',
      ),
      // A change that was lost to another stays in doubt until the node has been read.
      edit(KEEPER, 'if (outcome.kind === "unmade") {', 'if (outcome.kind !== "unknown") {'),
    ],
  },
  {
    id: "M14",
    bug: "a change that came too late is made all the same, on top of what is there now",
    edits: [edit(
      "cluster/compare_and_set.ts",
      "return await session.set(change.path, data, change.version);",
      "return await session.set(change.path, data, (await session.get(change.path)).version);",
    )],
  },
  {
    id: "M15",
    bug: "version 0 stands for any version, and so does every other",
    edits: [edit(
      "adapters/memory_coordinator/node_tree.ts",
      "if (version !== null && node.version !== version) throw",
      "if (version !== null && version < 0) throw",
    )],
  },
  {
    id: "M16",
    bug: "the time that a session is certain is measured by the wall clock",
    edits: [
      edit(
        "adapters/coordinator/session.ts",
        "const sentAt = this.#clock.now();\n    const next",
        "const sentAt = this.#clock.wallMicros() / 1000 - 1_767_225_600_000;\n    const next",
      ),
    ],
  },
  {
    id: "M17",
    bug: "a region's node is read when its watch says so, and changes that are missed stay missed",
    edits: [edit(
      REPLICA,
      "await pause(clock, limits.rereadMs, signal, [watched.changed, wake.promise, session.ended]);",
      "await pause(clock, limits.rereadMs * 1e6, signal, [watched.changed, wake.promise]);",
    )],
  },
  {
    id: "M18",
    bug: "what a lagging server of the service says of who leads is believed",
    edits: [
      edit(
        REPLICA,
        "if (this.#known === null || known.version > this.#known.version) this.#known = known;",
        "this.#known = known;",
      ),
      edit(
        REPLICA,
        "if (this.#primary !== null || epoch <= this.#served || this.copying.isRunning) return;",
        "if (this.#primary !== null || this.copying.isRunning) return;",
      ),
      edit(REPLICA, "if (epoch < this.#follower.promised) return;", ""),
      edit(
        REPLICA,
        "heir.unfit === null && state.epoch > this.#served) {",
        "heir.unfit === null) {",
      ),
    ],
  },
];

/** Bugs that the simulator has found, planted again. */
const PAST: readonly Mutant[] = [
  {
    id: "P1",
    bug: "an empty message acknowledges what the log was refused",
    edits: [edit(FOLLOWER, "if (log.last(region).seq < to) {", "if (log.last(region).seq < 0) {")],
  },
  {
    id: "P3",
    bug: "a write whose caller has gone is forgotten while it is under way",
    edits: [edit(
      PRIMARY,
      "const written = await this.#writer.write(write);",
      "const written = await orAborted(this.#writer.write(write), write.signal);",
    )],
  },
  {
    id: "P4",
    bug: "a new primary answers before the others have heard of it",
    edits: [edit(
      PRIMARY,
      "await this.quorum.agreed.reach(tail,",
      "await this.quorum.committed.reach(tail,",
    )],
  },
  {
    id: "P5",
    bug: "a database that comes back without its last commits is not looked at",
    edits: [edit(REPLICAS, "if (now === undefined || now >= seq) continue;", "continue;")],
  },
  {
    id: "P6",
    bug: "an entry is applied wherever the database is",
    edits: [edit(BOOKS, "`seq\\` = ${seq - 1}, 'sound', NULL)", "`seq\\` >= 0, 'sound', NULL)")],
  },
];

export const MUTANTS: readonly Mutant[] = [
  ...[...LEADING, ...COUNTING, ...APPLYING, ...COORDINATING]
    .toSorted((a, b) => Number(a.id.slice(1)) - Number(b.id.slice(1))),
  ...PAST,
];

/** The text with a mutant's edits of one file made; raises where one does not fit any more. */
export function mutated(mutant: Mutant, file: string, text: string): string {
  return mutant.edits.filter((each) => each.file === file).reduce((sum, { find, replace }) => {
    const parts = sum.split(find);
    if (parts.length === 2) return parts.join(replace);
    const count = parts.length - 1;
    throw new Error(`Cannot plant ${mutant.id} in ${file}: ${count} places say ${find}`);
  }, text);
}
