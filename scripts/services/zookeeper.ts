/** A private ZooKeeper ensemble on the loopback address, for tests, benchmarks and trying things out. */
import { resolve } from "node:path";
import { findProgram, isFile } from "./commands.ts";
import { readKept, writeKept } from "./kept_folder.ts";
import { startOnFreePorts } from "./ports.ts";
import { createRunFolder, removeFolder } from "./run_folder.ts";
import { modeOf } from "./four_letter.ts";
import { PortTakenError, ServiceError } from "./service_error.ts";
import {
  HOST,
  JARS,
  PORTS_PER_SERVER,
  writeConfig,
  type ZookeeperPlace,
} from "./zookeeper_config.ts";
import { PrivateZookeeper, type ZookeeperServer } from "./zookeeper_server.ts";

export type { ZookeeperServer } from "./zookeeper_server.ts";

/** Short, so that a session may be as short as two ticks and a dead client is soon noticed. */
const TICK_MS = 500;

export interface ZookeeperEnsemble {
  readonly servers: readonly ZookeeperServer[];
  /** All servers, as clients want it: "127.0.0.1:15001,127.0.0.1:15002". */
  readonly connect: string;
  /** The server that leads now, or null while none does. */
  leader(): Promise<ZookeeperServer | null>;
  /** Ends every server for good and removes their data, but for a `dir` that was given. */
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface ZookeeperOptions {
  readonly servers?: 1 | 3;
  readonly tickMs?: number;
  /** A folder that stays, with data and ports; that of an earlier ensemble is taken up again. */
  readonly dir?: string;
}

/** Resolves when every server serves clients. */
export async function startZookeeper(options: ZookeeperOptions = {}): Promise<ZookeeperEnsemble> {
  const java = await installedJava();
  const count = options.servers ?? 1;
  const folder = await createRunFolder("zookeeper");
  try {
    const dir = options.dir === undefined ? null : resolve(options.dir);
    const kept = dir === null ? null : await readKept(dir);
    const wanted = count * PORTS_PER_SERVER;
    const earlier = kept?.ports.length === wanted ? kept.ports : wanted;
    return await startOnFreePorts(earlier, async (ports) => {
      const places = placesIn(dir ?? folder, ports);
      for (const place of places) await writeConfig(place, places, options.tickMs ?? TICK_MS);
      const ensemble = new PrivateEnsemble(java, places, {
        folder,
        isKept: dir !== null,
      });
      await ensemble.start();
      if (dir !== null) await writeKept(dir, { ports, password: "" });
      return ensemble;
    });
  } catch (error) {
    await removeFolder(folder);
    throw error;
  }
}

async function installedJava(): Promise<string> {
  const java = await findProgram("java");
  const present = await Promise.all(JARS.map(isFile));
  if (java !== null && present.every(Boolean)) return java;
  throw new ServiceError(
    "Cannot start ZooKeeper: it is not installed; run `deno task services install`",
  );
}

function placesIn(folder: string, ports: readonly number[]): readonly ZookeeperPlace[] {
  const places: ZookeeperPlace[] = [];
  for (let first = 0; first < ports.length; first += PORTS_PER_SERVER) {
    const [port, quorumPort, electionPort] = ports.slice(first) as [number, number, number];
    const id = places.length + 1;
    places.push({ id, folder: `${folder}/server-${id}`, port, quorumPort, electionPort });
  }
  return places;
}

class PrivateEnsemble implements ZookeeperEnsemble {
  readonly servers: readonly PrivateZookeeper[];
  readonly connect: string;
  readonly #folder: string;
  readonly #isKept: boolean;

  constructor(
    java: string,
    places: readonly ZookeeperPlace[],
    { folder, isKept }: { folder: string; isKept: boolean },
  ) {
    this.servers = places.map((place) => new PrivateZookeeper(java, place, () => this.servers));
    this.connect = places.map(({ port }) => `${HOST}:${port}`).join(",");
    this.#folder = folder;
    this.#isKept = isKept;
  }

  /** Starts every server, or none: one that cannot start ends the others. */
  async start(): Promise<void> {
    for (const server of this.servers) server.launch();
    const results = await Promise.allSettled(this.servers.map((server) => server.ready()));
    const faults = results.flatMap((result) => result.status === "rejected" ? [result.reason] : []);
    if (faults.length === 0) return;
    await Promise.all(this.servers.map((server) => server.kill()));
    throw faults.find((fault) => fault instanceof PortTakenError) ?? faults[0];
  }

  async leader(): Promise<ZookeeperServer | null> {
    const modes = await Promise.all(this.servers.map((server) => modeOf(server.port)));
    const index = modes.findIndex((mode) => mode === "leader" || mode === "standalone");
    return this.servers[index] ?? null;
  }

  async stop(): Promise<void> {
    const stop = (server: PrivateZookeeper) => this.#isKept ? server.stop() : server.kill();
    await Promise.all(this.servers.map(stop));
    await removeFolder(this.#folder);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}
