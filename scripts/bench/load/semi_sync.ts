/** A MariaDB primary with two semi-synchronous replicas, whose relay logs are synced or not. */
import { type MariadbServer, startMariadb } from "../../services/mariadb.ts";
import { waitUntil } from "../../services/wait.ts";
import { administer, connectTo, shown } from "./mysql_connection.ts";
import { DURABLE, RELAXED } from "./settings.ts";
import type { LoadSystem, LoadSystemKind } from "./system.ts";

/** A commit that is not acknowledged for so long goes on alone; then the measurement is void. */
const TIMEOUT_MS = 30_000;
const READY_LIMIT_MS = 20_000;

const PRIMARY: Readonly<Record<string, string>> = {
  ...DURABLE,
  "server-id": "1",
  "log-bin": "binlog",
  "binlog-format": "MIXED",
  "sync-binlog": "1",
  // The commit waits for a replica before others see it: what was read is never lost.
  "rpl-semi-sync-master-wait-point": "AFTER_SYNC",
  "rpl-semi-sync-master-timeout": String(TIMEOUT_MS),
};

const REPLICA: Readonly<Record<string, string>> = {
  ...RELAXED,
  "relay-log": "relay",
  "rpl-semi-sync-slave-enabled": "ON",
  "slave-parallel-threads": "4",
};

/** What a replica acknowledges is in its relay log, on disk; its engine may then be relaxed. */
export const semiSync = semiSyncKind({
  name: "semi-sync",
  durability: "on the disks of the primary and of one of two replicas",
  replica: { ...REPLICA, "sync-relay-log": "1" },
});

/** As most run it: weaker than the others here, since a replica acknowledges what it may lose. */
export const semiSyncUnsynced = semiSyncKind({
  name: "semi-sync, unsynced",
  durability: "on the primary's disk, received by one of two replicas",
  replica: REPLICA,
});

interface Setup {
  readonly name: string;
  readonly durability: string;
  readonly replica: Readonly<Record<string, string>>;
}

function semiSyncKind({ name, durability, replica }: Setup): LoadSystemKind {
  return {
    name,
    durability,
    missing: () => Promise.resolve(null),
    async start() {
      const started: MariadbServer[] = [];
      const start = async (role: string, settings: Readonly<Record<string, string>>) => {
        const server = await startMariadb({ name: role, settings });
        started.push(server);
        return server;
      };
      try {
        const primary = await start("primary", PRIMARY);
        for (const id of ["2", "3"]) {
          await follow(await start(`replica ${id}`, { ...replica, "server-id": id }), primary);
        }
        await allFollow(primary);
        return system(name, primary, started.slice(1));
      } catch (error) {
        await Promise.all(started.map((server) => server.stop()));
        throw error;
      }
    },
  };
}

/** Replicates from where the primary is now: the two hold the same so far. */
async function follow(replica: MariadbServer, primary: MariadbServer): Promise<void> {
  const variables = await shown(primary, "SHOW VARIABLES LIKE 'gtid_binlog_pos'");
  const { host, port, user, password } = primary;
  await administer(
    replica,
    `SET GLOBAL gtid_slave_pos = '${variables.get("gtid_binlog_pos") ?? ""}'`,
    `CHANGE MASTER TO MASTER_HOST = '${host}', MASTER_PORT = ${port}, MASTER_USER = '${user}', ` +
      `MASTER_PASSWORD = '${password}', MASTER_USE_GTID = slave_pos`,
    "START SLAVE",
  );
}

/** Only now do commits wait: the server's own first ones had nobody to wait for. */
async function allFollow(primary: MariadbServer): Promise<void> {
  await administer(primary, "SET GLOBAL rpl_semi_sync_master_enabled = ON");
  const isReady = await waitUntil(READY_LIMIT_MS, async () => {
    const status = await shown(primary, "SHOW STATUS LIKE 'Rpl_semi_sync_master_%'");
    return status.get("Rpl_semi_sync_master_clients") === "2" &&
      status.get("Rpl_semi_sync_master_status") === "ON";
  });
  if (!isReady) throw new Error("Cannot measure semi-sync: two replicas did not come to follow");
}

function system(
  name: string,
  primary: MariadbServer,
  replicas: readonly MariadbServer[],
): LoadSystem {
  const servers = [primary, ...replicas];
  return {
    name,
    processes: [
      { name: "primary", pid: primary.pid },
      ...replicas.map(({ pid }) => ({ name: "replicas", pid })),
    ],
    connect: () => connectTo(primary),
    async check() {
      const status = await shown(primary, "SHOW STATUS LIKE 'Rpl_semi_sync_master_no_tx'");
      const alone = status.get("Rpl_semi_sync_master_no_tx");
      if (alone !== "0") throw new Error(`${alone} commits were not acknowledged by any replica`);
    },
    stop: async () => void await Promise.all(servers.map((server) => server.stop())),
  };
}
