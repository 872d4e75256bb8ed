/** A Galera cluster of three MariaDB servers; all clients write to one of them. */
import { isFile, output } from "../../services/commands.ts";
import { type MariadbServer, startMariadb } from "../../services/mariadb.ts";
import { freePorts } from "../../services/ports.ts";
import { createRunFolder, removeFolder } from "../../services/run_folder.ts";
import { connectTo, shown } from "./mysql_connection.ts";
import { DURABLE } from "./settings.ts";
import type { LoadSystem, LoadSystemKind } from "./system.ts";

const PROVIDER = "/usr/lib/galera/libgalera_smm.so";
const HOST = "127.0.0.1";
const NODES = 3;

export const galera: LoadSystemKind = {
  name: "Galera",
  durability: "on the disk of one of three servers, received by the other two",
  async missing() {
    return await isFile(PROVIDER) ? null : "there is no Galera: `apt-get install galera-4`";
  },
  async start() {
    const folder = await createRunFolder("galera");
    const nodes: MariadbServer[] = [];
    const stop = async () => {
      await Promise.all(nodes.map((node) => node.stop()));
      await removeFolder(folder);
    };
    try {
      await makeFolders(folder);
      const ports = freePorts(2 * NODES);
      for (let at = 0; at < NODES; at++) {
        if (at > 0) await writeState(`${folder}/${at}`, nodes[0] as MariadbServer);
        const settings = { ...DURABLE, ...nodeSettings(at, ports) };
        nodes.push(await startMariadb({ name: `node ${at}`, dir: `${folder}/${at}`, settings }));
      }
      return system(nodes, stop);
    } catch (error) {
      await stop();
      throw error;
    }
  },
};

/** The nodes begin as copies of one server. */
async function makeFolders(folder: string): Promise<void> {
  const first = await startMariadb({ name: "node 0", dir: `${folder}/0`, settings: DURABLE });
  await first.stop();
  for (let at = 1; at < NODES; at++) await output("cp", ["-a", `${folder}/0`, `${folder}/${at}`]);
}

/** Says that the node holds what the cluster holds, so that no state has to be transferred. */
async function writeState(dir: string, running: MariadbServer): Promise<void> {
  const status = await shown(running, "SHOW STATUS LIKE 'wsrep_%'");
  const lines = [
    "# GALERA saved state",
    "version: 2.1",
    `uuid:    ${status.get("wsrep_cluster_state_uuid")}`,
    `seqno:   ${status.get("wsrep_last_committed")}`,
    "safe_to_bootstrap: 0",
    "",
  ];
  await Deno.writeTextFile(`${dir}/data/grastate.dat`, lines.join("\n"));
}

function nodeSettings(at: number, ports: readonly number[]): Readonly<Record<string, string>> {
  const [port, transferPort] = [ports[2 * at], ports[2 * at + 1]];
  const options = [
    `base_port=${port}`,
    `gmcast.listen_addr=tcp://${HOST}:${port}`,
    `ist.recv_addr=${HOST}:${transferPort}`,
  ];
  return {
    "wsrep-on": "ON",
    "wsrep-provider": PROVIDER,
    "wsrep-provider-options": `"${options.join(";")}"`,
    "wsrep-cluster-address": at === 0 ? "gcomm://" : `gcomm://${HOST}:${ports[0]}`,
    "wsrep-node-address": `${HOST}:${port}`,
    "wsrep-node-name": `node-${at}`,
    "wsrep-sst-method": "skip",
    "wsrep-slave-threads": "4",
    "binlog-format": "ROW",
    "innodb-autoinc-lock-mode": "2",
  };
}

async function sizeOf(node: MariadbServer): Promise<string> {
  const status = await shown(node, "SHOW STATUS LIKE 'wsrep_%'");
  return `${status.get("wsrep_cluster_size")} ${status.get("wsrep_ready")}`;
}

function system(nodes: readonly MariadbServer[], stop: () => Promise<void>): LoadSystem {
  const [written, ...others] = nodes as [MariadbServer, ...MariadbServer[]];
  return {
    name: galera.name,
    processes: [
      { name: "written node", pid: written.pid },
      ...others.map(({ pid }) => ({ name: "other nodes", pid })),
    ],
    connect: () => connectTo(written),
    async check() {
      for (const node of nodes) {
        const size = await sizeOf(node);
        if (size !== `${NODES} ON`) throw new Error(`${node.name} is in a cluster of ${size}`);
      }
    },
    stop,
  };
}
