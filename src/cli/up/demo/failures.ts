/** Servers that die, stop or cannot be reached, and what the cluster makes of it. */
import type { Member } from "../member.ts";
import { isInSync, leaderIn } from "./layout.ts";
import { probe } from "./probe.ts";
import type { Say, Scene, Stage } from "./stage.ts";
import { duration, list } from "./words.ts";

/** For the others to have noticed and put things in order, the longest way round. */
const SETTLE_MS = 20_000;
const BACK_MS = 60_000;

export interface Play {
  readonly stage: Stage;
  readonly say: Say;
  readonly signal: AbortSignal;
}

/** As kill -9. It stays dead until it is restarted. */
export async function kill({ stage, say, signal }: Play, member: Member): Promise<void> {
  const isMaster = stage.cluster.masters.includes(member);
  await say(`${member.name} is killed, as by kill -9: ${roleOf(stage, member)}`);
  await stage.scene(say, signal, async (scene) => {
    const dead = member.kill();
    if (isMaster) await withoutMaster(stage, scene, member);
    else await withoutServer(stage, scene, member);
    await dead;
  });
  await say(`${await verdict(stage, isMaster)}\\demo restart ${member.name} brings it back.`);
}

/** As SIGSTOP, or a pulled cable, for a while. */
export async function silence(
  { stage, say, signal }: Play,
  member: Member,
  kind: "pause" | "partition",
  ms: number,
): Promise<void> {
  const how = kind === "pause"
    ? "is held, as by SIGSTOP: its connections stay open and it does nothing"
    : "is cut off: it works, and nothing reaches it or comes from it";
  await say(`${member.name} ${how}, for ${duration(ms)}. Now ${roleOf(stage, member)}`);
  const isMaster = stage.cluster.masters.includes(member);
  await stage.scene(say, signal, async (scene) => {
    if (kind === "pause") member.pause();
    else member.cutOff();
    try {
      const rest = stage.clock.sleep(ms, signal);
      rest.catch(() => {});
      if (isMaster) await withoutMaster(stage, scene, member);
      else await withoutServer(stage, scene, member);
      await rest;
    } finally {
      member.heal();
    }
    scene.tell(`${member.name} ${kind === "pause" ? "goes on" : "can be reached again"}`);
    await comeBack(stage, scene, member);
  });
}

/** Puts a member right, whatever is wrong with it. */
export async function restart({ stage, say, signal }: Play, member: Member): Promise<void> {
  await say(`${member.name} is started${member.state === "down" ? " again" : " anew"}`);
  await stage.scene(say, signal, async (scene) => {
    if (member.state !== "down") await member.kill();
    await member.start();
    await comeBack(stage, scene, member);
  });
}

/** Lets a member that is held or cut off go on. */
export async function heal({ stage, say, signal }: Play, member: Member): Promise<void> {
  await say(`${member.name} goes on`);
  await stage.scene(say, signal, async (scene) => {
    member.heal();
    await comeBack(stage, scene, member);
  });
}

async function comeBack(stage: Stage, scene: Scene, member: Member): Promise<void> {
  if (stage.cluster.masters.includes(member)) {
    const led = await scene.until(async () => await stage.leads() !== null, SETTLE_MS);
    const others = stage.cluster.masters.filter((each) => each !== member);
    if (!led) scene.tell("no master leads yet");
    else if (others.length > 0) scene.tell(`${await stage.leads()} leads`);
    return;
  }
  const back = () => {
    const rid = stage.cluster.ridOf(member);
    return rid !== null && stage.isInSync(rid);
  };
  const isBack = await scene.until(back, BACK_MS);
  scene.tell(
    isBack
      ? `${member.name} is in sync wherever it has a copy`
      : `${member.name} is not in sync yet`,
  );
}

/** Reads and writes what had its primary there; resolves when nobody counts on it any more. */
async function withoutServer(stage: Stage, scene: Scene, member: Member): Promise<void> {
  const rid = stage.cluster.ridOf(member);
  const regions = stage.regions().filter(({ state }) =>
    rid !== null && state.replicas.includes(rid)
  );
  const led = regions.filter(({ state }) => state.primary === rid);
  const asked = (led.length > 0 ? led : regions).flatMap(({ tables }) => tables.slice(0, 1));
  await probe(stage, scene, asked);
  const gone = () =>
    stage.regions().every((region) =>
      rid === null || !isInSync(region, rid) || region.state.isr.length <= 2
    );
  await scene.until(gone, SETTLE_MS);
}

/** What goes on while no master leads, and who leads next. */
async function withoutMaster(stage: Stage, scene: Scene, member: Member): Promise<void> {
  const tables = stage.regions().flatMap((region) => region.tables.slice(0, 1)).slice(0, 1);
  await probe(stage, scene, tables);
  const others = stage.cluster.masters.filter((each) =>
    each !== member && each.state === "running"
  );
  if (others.length > 0) {
    const another = async () => ![null, member.name].includes(await stage.leads());
    await scene.until(another, SETTLE_MS);
    return;
  }
  const isGone = () => leaderIn(stage.cluster.tree) !== member.name;
  if (!await scene.until(isGone, SETTLE_MS)) return;
  scene.tell(`${member.name} is given up: there is no master`);
  await probe(stage, scene, tables);
}

/** What the member is to the cluster, ending a sentence. */
export function roleOf(stage: Stage, member: Member): string {
  if (stage.cluster.masters.includes(member)) {
    return member === stage.leader()
      ? "it is the master that leads."
      : "it is a master that stands by.";
  }
  const rid = stage.cluster.ridOf(member);
  const regions = stage.regions();
  const led = regions.filter(({ state }) => state.primary === rid);
  const held = regions.filter((region) =>
    rid !== null && region.state.primary !== rid && isInSync(region, rid)
  );
  const names = (of: typeof regions) => list(of.flatMap(({ tables }) => tables));
  if (led.length === 0 && held.length === 0) return "it has no copy of anything.";
  const parts = [
    ...(led.length === 0 ? [] : [`is the primary of ${names(led)}`]),
    ...(held.length === 0 ? [] : [`has a copy of ${names(held)}`]),
  ];
  return `it ${parts.join(" and ")}.`;
}

/** The master's word on the whole, where one leads. */
async function verdict(stage: Stage, isMaster: boolean): Promise<string> {
  if (isMaster && await stage.leads() === null) {
    return "No master leads: reads and writes go on, CREATE and DROP wait. ";
  }
  const status = await stage.client.admin.master("status", {}, { timeoutMs: 5000 });
  return `${status.verdict.sentence}. `;
}
