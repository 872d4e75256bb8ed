/** Watches a whole cluster at every moment: its databases, its logs, its nodes, its answers. */
import type { Tables } from "../adapters/memory_engine/define.ts";
import { fingerprintOf, type Table } from "../adapters/memory_engine/table.ts";
import { minInSync } from "../cluster/route.ts";
import { Paths } from "../cluster/paths.ts";
import { type RegionState, regionStateShape } from "../protocol/model.ts";
import type { Answered } from "./answer_tap.ts";
import { ConfigBook } from "./checks/config_book.ts";
import { type BookedEntry, LogBook } from "./checks/log_book.ts";
import { type Content, StateBook, type TableContent } from "./checks/state_book.ts";
import type { CheckedRead, ReadQuestion } from "./region_history.ts";
import type { RegionHost, RegionHostEvents } from "./region_host.ts";
import { refuse, Violation } from "./violation.ts";
import type { World } from "./world.ts";

interface Position {
  readonly epoch: number;
  readonly seq: number;
}

/** What a database says of a region it holds. */
export interface Holding extends Position {
  readonly state: string;
}

export class RegionWatch implements RegionHostEvents {
  readonly states = new StateBook();
  readonly logs = new LogBook();
  readonly configs = new ConfigBook({ minInSync });
  readonly #world: World;
  readonly #hosts: readonly RegionHost[];
  readonly #seen = new Map<string, string>();
  readonly #before = new Map<RegionHost, Tables>();
  /** The highest position acknowledged to a client, of each region. */
  readonly #acknowledged = new Map<string, Position>();
  readonly #found: Violation[] = [];
  readonly #paths = new Paths();

  /** `hosts` may be filled later. */
  constructor(world: World, hosts: readonly RegionHost[]) {
    this.#world = world;
    this.#hosts = hosts;
    world.always(() => this.#look());
  }

  /** Events come in the middle of somebody's work, so what they show is raised a moment later. */
  #note(fault: string | null): void {
    if (fault !== null) this.#found.push(new Violation("safety", fault));
  }

  #look(): void {
    const [found] = this.#found;
    if (found !== undefined) throw found;
    const { tree } = this.#world.coordinator;
    for (const region of tree.children(this.#paths.regions) ?? []) {
      const node = tree.get(this.#paths.region(region));
      if (node === null || this.#seen.get(region) === node.data) continue;
      this.#seen.set(region, node.data);
      const state: unknown = JSON.parse(node.data);
      if (!regionStateShape.fits(state)) continue;
      const before = this.configs.last(region);
      refuse("safety", this.configs.changed(state, node.version));
      this.#world.trace(`node ${region} v${node.version} ${briefly(state)}`);
      refuse("safety", this.#successionFault(before, state) ?? this.#membersFault(state));
    }
  }

  /** Who takes over holds all that was acknowledged. */
  #successionFault(before: RegionState | null, now: RegionState): string | null {
    const acknowledged = this.#acknowledged.get(now.region);
    if (before === null || now.epoch <= before.epoch || acknowledged === undefined) return null;
    const heir = this.host(now.primary);
    if (heir === null || heir.isLogHurt || this.holds(heir, now.region, acknowledged)) return null;
    return `${heir.name} takes over ${now.region} in epoch ${now.epoch} and does not hold ` +
      `entry ${acknowledged.seq} of epoch ${acknowledged.epoch}, which was acknowledged`;
  }

  /** Regions as their nodes have them now. */
  get regions(): readonly RegionState[] {
    const names = this.#world.coordinator.tree.children(this.#paths.regions) ?? [];
    return names.flatMap((name) => this.configs.last(name) ?? []);
  }

  /** Somebody holds rows that were changed behind its back. */
  get isTampered(): boolean {
    return this.#hosts.some(({ tampered }) => tampered.size > 0);
  }

  host(rid: number | null): RegionHost | null {
    return this.#hosts.find((host) => rid !== null && host.rid === rid) ?? null;
  }

  /** Whether the server's disk has the entry, or its database what came of it. */
  holds({ witness, database }: RegionHost, region: string, { epoch, seq }: Position): boolean {
    const log = witness.region(region);
    if (log.last >= seq && seq > log.base) return log.entries.get(seq)?.epoch === epoch;
    const holding = holdings(database.tables).get(region);
    // While a schema is changed the rows are there as well.
    return log.last >= seq && holding !== undefined && holding.state !== "copying";
  }

  /** A client was told that its write was done; an answer given again may name a later epoch. */
  acknowledged(region: string, seq: number): void {
    const epoch = this.states.epochAt(region, seq) ?? this.#loggedEpoch(region, seq);
    if (epoch === null) {
      return this.#note(`entry ${seq} of ${region} was acknowledged, and nobody holds it`);
    }
    const position = { epoch, seq };
    const known = this.#acknowledged.get(region);
    if (known === undefined || known.seq < position.seq) {
      this.#acknowledged.set(region, position);
    }
    const state = this.configs.last(region);
    if (state !== null) this.#note(this.#membersFault(state));
  }

  /** The highest position of each region that some client knows to be done. */
  get acknowledgedSeqs(): ReadonlyMap<string, number> {
    return new Map([...this.#acknowledged].map(([region, { seq }]) => [region, seq]));
  }

  /** Who is in sync, as the process it is, holds all that was acknowledged. */
  #membersFault({ region, epoch, isr }: RegionState): string | null {
    const position = this.#acknowledged.get(region);
    if (position === undefined) return null;
    const members = isr.flatMap(({ rid, incarnation }) => {
      const host = this.host(rid);
      return host?.incarnation === incarnation && !host.isLogHurt ? [host] : [];
    });
    const lacking = members.find((host) => !this.holds(host, region, position));
    if (lacking === undefined) return null;
    return `entry ${position.seq} of epoch ${position.epoch} in ${region} was acknowledged, and ` +
      `${lacking.name}, in sync in epoch ${epoch}, does not hold it on disk`;
  }

  /**
   * A client was given an answer: it is what stood at that position. A `fast` answer may name a later
   * one than it was read at, but was read at none before what its session had seen. Whether anything
   * can be said of it.
   */
  read({ level, receipt, what, found, after, called, acknowledged }: CheckedRead): boolean {
    const { region, seq, rid } = receipt;
    const known = acknowledged.get(region) ?? 0;
    if (level === "latest" && seq < known) {
      this.#note(
        `a latest read of ${region} on server ${rid} was at ${seq}, and ${known} had been ` +
          "acknowledged before it was asked",
      );
    }
    const host = this.host(rid);
    const table = tableOf(what);
    const isHurt = host !== null &&
      (host.tampered.has(table) || (host.repairedAt.get(table) ?? -Infinity) >= called);
    // Only counting the rows of several copies finds out what a disk has done to one of them.
    if (isHurt && (level !== "recount" || receipt.agree.length === 1)) return false;
    const positions = level === "fast" ? range(after, seq) : [seq];
    const states = positions.flatMap((at) => this.states.at(region, at) ?? []);
    if (states.some((content) => answerFrom(content, what) === found)) return true;
    if (states.length < positions.length && this.isTampered) return false;
    const place = `a ${level} read of ${what.kind} at ${seq} of ${region} on server ${rid}`;
    const [last] = states.slice(-1);
    if (last === undefined) this.#note(`${place} stands on what nobody committed`);
    else this.#note(`${place} found ${found}, and ${answerFrom(last, what)} stood there`);
    return true;
  }

  #isInSync({ rid, incarnation }: RegionHost, region: string): boolean {
    const members = this.configs.last(region)?.isr ?? [];
    return members.some((member) => member.rid === rid && member.incarnation === incarnation);
  }

  /**
   * Of an entry that no sound copy has committed yet: once it is agreed on it stands, and clients are
   * told. A later epoch has no other entry there, or one of those in sync does not hold this one.
   */
  #loggedEpoch(region: string, seq: number): number | null {
    const hosts = this.#hosts.filter(({ isLogHurt }) => !isLogHurt);
    const epochs = hosts.flatMap(({ witness }) => witness.region(region).epochAt(seq) ?? []);
    return epochs.length === 0 ? null : Math.max(...epochs);
  }

  entry(host: RegionHost, region: string, entry: BookedEntry, previous: number | null): void {
    if (host.isLogHurt) return;
    this.#note(this.logs.appended(host.name, region, entry, previous));
  }

  /** What is acknowledged is on disk, and of no epoch that the server has left behind. */
  answered(host: RegionHost, { op, request, answer }: Answered): void {
    if (host.isLogHurt) return;
    const { region, epoch } = request;
    this.#note(this.logs.answered(host.name, region, epoch));
    const log = host.witness.region(region);
    if (log.promised < epoch) {
      this.#note(`${host.name} answers ${op} in epoch ${epoch} of ${region}, not promised on disk`);
    }
    // Who is being copied begins its log anew, and counts for nothing until it is in sync.
    const isCopied = op === "replicate" && answer.unfit !== null && !this.#isInSync(host, region);
    if (op !== "replicate" || isCopied || log.last >= answer.last) return;
    this.#note(
      `${host.name} acknowledges entry ${answer.last} of ${region}, and its disk has it up to ` +
        `${log.last}`,
    );
  }

  /** A database has committed something: maybe a new position of a region. */
  committed(host: RegionHost): void {
    const { tables } = host.database;
    const before = this.#before.get(host) ?? new Map();
    this.#before.set(host, tables);
    if (tables.get(APPLIED)?.rows === before.get(APPLIED)?.rows) return;
    const known = holdings(before);
    for (const [region, holding] of holdings(tables)) {
      const old = known.get(region);
      const isSame = old?.seq === holding.seq && old.state === holding.state;
      if (isSame || holding.state !== "sound") continue;
      this.#note(this.#commit(host, region, holding));
    }
  }

  /** What had put rows right may be among what was lost. */
  wentBack(host: RegionHost): void {
    for (const [region, { epoch, seq }] of holdings(host.database.tables)) {
      const content = contentOf(host.database.tables, region);
      const state = { server: host.name, region, epoch, seq, content };
      if (this.states.differs(state) === null) continue;
      for (const table of host.repairedAt.keys()) if (content.has(table)) host.tampered.add(table);
    }
  }

  /**
   * Whose rows a write has put right is known once another copy has come as far; a table that is
   * gone has none.
   */
  review(): void {
    for (const host of this.#hosts.filter(({ tampered }) => tampered.size > 0)) {
      for (const table of [...host.tampered]) {
        if (!host.database.tables.has(table)) host.repair(table);
      }
      for (const [region, holding] of holdings(host.database.tables)) {
        if (holding.state === "sound") this.#note(this.#commit(host, region, holding));
      }
    }
  }

  #commit(host: RegionHost, region: string, { epoch, seq }: Holding): string | null {
    const content = contentOf(host.database.tables, region);
    const state = { server: host.name, region, epoch, seq, content };
    const hurt = [...content.keys()].filter((table) => host.tampered.has(table));
    if (hurt.length === 0) return this.states.commit(state);
    const isRight = this.states.at(region, seq) !== null && this.states.differs(state) === null;
    if (isRight) { for (const table of hurt) host.repair(table); }
    return null;
  }
}

const TABLE_OF = { register: "reg", bank: "reg", list: "lst", tokens: "tok" } as const;

export function tableOf({ kind }: ReadQuestion): string {
  return TABLE_OF[kind];
}

function range(from: number, to: number): readonly number[] {
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, at) => from + at);
}

/** What a question should be answered from these tables. */
function answerFrom(content: Content, what: ReadQuestion): string {
  const rows = (table: string) => content.get(table)?.rows ?? [];
  const cell = (table: string, id: number) =>
    String(rows(table).find(({ cells }) => cells[0] === id)?.cells[1] ?? null);
  switch (what.kind) {
    case "register":
      return cell("reg", what.id);
    case "list":
      return cell("lst", what.id);
    case "tokens":
      return String(rows("tok").length);
    case "bank": {
      const bank = rows("reg").filter(({ cells: [id] }) => Number(id) > 20);
      if (bank.length === 0) return "null";
      return String(bank.reduce((sum, { cells: [, n] }) => sum + Number(n), 0));
    }
  }
}

const APPLIED = "_minisql_applied";

/** How far each region is applied in a database. */
export function holdings(tables: Tables): ReadonlyMap<string, Holding> {
  const rows = tables.get(APPLIED)?.rows ?? [];
  return new Map(rows.map(({ cells: [region, epoch, seq, state] }) => [
    String(region),
    { epoch: Number(epoch), seq: Number(seq), state: String(state) },
  ]));
}

/** A region's tables as they stand in a database. */
export function contentOf(tables: Tables, region: string): ReadonlyMap<string, TableContent> {
  const content = new Map<string, TableContent>();
  for (const { cells: [name, owner] } of tables.get("_minisql_table")?.rows ?? []) {
    const table = owner === region ? tables.get(String(name)) : undefined;
    if (table !== undefined) content.set(String(name), tableContent(table));
  }
  return content;
}

function tableContent(table: Table): TableContent {
  const kept = fingerprintOf(table);
  const fingerprint = kept === null ? null : `${kept.rows}:${kept.sum}:${kept.schema}`;
  return { rows: table.rows, fingerprint };
}

function briefly({ epoch, primary, isr, state }: RegionState): string {
  const members = isr.map(({ rid, incarnation }) => `${rid}(${incarnation})`).join(" ");
  return `${state} epoch ${epoch} primary ${primary} in sync ${members}`;
}
