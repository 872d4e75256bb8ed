/** One MariaDB server, which syncs each commit. */
import { startMariadb } from "../../services/mariadb.ts";
import { connectTo } from "./mysql_connection.ts";
import { DURABLE } from "./settings.ts";
import type { LoadSystemKind } from "./system.ts";

export const mariadbAlone: LoadSystemKind = {
  name: "MariaDB alone",
  durability: "on the disk of its one server",
  missing: () => Promise.resolve(null),
  async start() {
    const server = await startMariadb({ name: "alone", settings: DURABLE });
    return {
      name: mariadbAlone.name,
      processes: [{ name: "mariadbd", pid: server.pid }],
      connect: () => connectTo(server),
      check: () => Promise.resolve(),
      stop: () => server.stop(),
    };
  },
};
