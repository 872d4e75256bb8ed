/** `\demo` in the shell of `minisql up`: make something go wrong, and watch it being handled. */
import { MinisqlError } from "../../../protocol/errors.ts";
import { readDuration } from "../../flag_values.ts";
import { suggest } from "../../suggest.ts";
import type { Member } from "../member.ts";
import { corrupt } from "./corrupt.ts";
import { heal, kill, type Play, restart, roleOf, silence } from "./failures.ts";
import { Load } from "./load.ts";
import { type Say, Stage, type StageParts } from "./stage.ts";

const SILENCE_MS = 5000;
const SILENCE_MS_MAX = 600_000;

const ACTIONS: readonly (readonly [usage: string, does: string])[] = [
  ["kill r2", "kill -9: a primary's role passes to another copy, mostly within a second"],
  ["kill master", "the master that leads; data flows on"],
  ["restart r2", "start it again: it catches up and is in sync"],
  ["pause r2 5s", "SIGSTOP for a while: it does not know that time has passed"],
  ["partition r1 5s", "cut off for a while: it works, and nobody hears it"],
  ["heal r1", "end a pause or partition before its time"],
  ["corrupt orders r2", "change a row in its database behind the cluster's back"],
  ["load on", "four users who read and write all the time; load off ends it"],
];

export const DEMO_ARGS = "[ACTION …]";
export const DEMO_DOES = "Make something go wrong in this cluster, and watch";

export class Demo {
  readonly #stage: Stage;
  readonly #load: Load;

  constructor(parts: StageParts) {
    this.#stage = new Stage(parts);
    this.#load = new Load(parts.client, parts.clock);
  }

  /** Does what was typed behind `\demo`, telling what happens; aborting ends the telling. */
  async run(args: string, say: Say, signal: AbortSignal): Promise<void> {
    const [action = "", ...rest] = args.trim().split(/\s+/);
    const play: Play = { stage: this.#stage, say, signal };
    if (action === "") return await this.#overview(say);
    if (action === "load") return await this.#switchLoad(rest[0] ?? "", say);
    this.#load.take();
    await this.#perform(action, rest, play);
    const load = this.#load.take();
    if (load !== null) await say(`Load meanwhile: ${load}`);
  }

  /** Ends what goes on in the background. */
  async close(): Promise<void> {
    await this.#load.stop();
  }

  async #perform(action: string, rest: readonly string[], play: Play): Promise<void> {
    switch (action) {
      case "kill":
        return await kill(play, this.#running(rest[0]));
      case "restart":
        return await restart(play, this.#member(rest[0]));
      case "heal":
        return await heal(play, this.#member(rest[0]));
      case "pause":
      case "partition":
        return await silence(play, this.#running(rest[0]), action, durationOf(rest[1]));
      case "corrupt":
        return await this.#corrupt(play, rest);
      default:
        throw unknown(action);
    }
  }

  async #overview(say: Say): Promise<void> {
    for (const member of this.#stage.cluster.members) {
      const role = member.state === "down" ? "it is dead." : roleOf(this.#stage, member);
      await say(`${member.name}: ${role.replace(/^it /, "").replace(/\.$/, "")}`);
    }
    await say("");
    const width = Math.max(...ACTIONS.map(([usage]) => usage.length));
    for (const [usage, does] of ACTIONS) await say(`\\demo ${usage.padEnd(width)}  ${does}`);
  }

  async #switchLoad(word: string, say: Say): Promise<void> {
    if (word === "on") {
      await this.#load.start();
      return await say("Four users read and write a table demo_load; \\demo load off ends it");
    }
    if (!["", "off"].includes(word)) throw unknown(`load ${word}`);
    if (!this.#load.isOn) return await say("There is no load; \\demo load on begins one");
    await say(this.#load.take() ?? "Nothing was done");
    if (word === "off") await this.#load.stop();
  }

  async #corrupt(play: Play, rest: readonly string[]): Promise<void> {
    const [named, server] = rest.length === 1 && this.#find(rest[0]) !== null
      ? [undefined, rest[0]]
      : rest;
    const regions = this.#stage.regions();
    const region = named === undefined
      ? regions[0]
      : regions.find(({ tables }) => tables.includes(named));
    const table = named ?? region?.tables[0];
    if (region === undefined || table === undefined) {
      throw new MinisqlError(
        "NO_SUCH_TABLE",
        "There is no such table; SHOW TABLES lists those there are",
      );
    }
    const slave = region.state.isr.find(({ rid }) => rid !== region.state.primary);
    const usual = slave === undefined ? null : this.#stage.cluster.memberOf(slave.rid);
    const member = server === undefined ? usual : this.#running(server);
    if (member === null) throw new MinisqlError("UNAVAILABLE", `${table} has one copy only`);
    await corrupt(play, table, member);
  }

  #running(name: string | undefined): Member {
    const member = this.#member(name);
    if (member.state === "running") return member;
    const state = member.state === "down" ? "dead" : member.state;
    const way = member.state === "down" ? "restart" : "heal";
    throw new MinisqlError(
      "BAD_REQUEST",
      `${member.name} is ${state}: \\demo ${way} ${member.name}`,
    );
  }

  /** The member of that name; `master` is the one that leads, and nothing the first primary. */
  #member(name: string | undefined): Member {
    const member = name === undefined ? this.#firstPrimary() : this.#find(name);
    if (member !== null) return member;
    const names = this.#stage.cluster.members.map((each) => each.name).join(", ");
    throw new MinisqlError(
      "BAD_REQUEST",
      `There is no ${name ?? "primary"} here: say one of ${names}`,
    );
  }

  #find(name: string | undefined): Member | null {
    const { cluster } = this.#stage;
    if (name === "master") {
      return this.#stage.leader() ?? cluster.masters.find(({ state }) => state !== "running") ??
        null;
    }
    return cluster.members.find((each) => each.name === name) ?? null;
  }

  #firstPrimary(): Member | null {
    const primary = this.#stage.regions()[0]?.state.primary ?? null;
    return primary === null ? null : this.#stage.cluster.memberOf(primary);
  }
}

function durationOf(text: string | undefined): number {
  if (text === undefined) return SILENCE_MS;
  const ms = readDuration(text);
  if (ms !== null && ms > 0 && ms <= SILENCE_MS_MAX) return ms;
  throw new MinisqlError("BAD_REQUEST", `"${text}" is not a time from 1ms to 10m, such as 5s`);
}

function unknown(action: string): MinisqlError {
  const words = ACTIONS.map(([usage]) => usage.split(" ")[0] ?? "");
  const meant = suggest(action, words);
  const hint = meant === null
    ? "\\demo alone lists what there is"
    : `did you mean \\demo ${meant}?`;
  return new MinisqlError("BAD_REQUEST", `There is no \\demo ${action}: ${hint}`);
}
