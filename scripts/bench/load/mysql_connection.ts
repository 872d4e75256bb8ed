/** A client's connection straight to a MariaDB server. */
import { createConnection, type ResultSetHeader, type RowDataPacket } from "mysql2/promise";
import type { MariadbServer } from "../../services/mariadb.ts";
import type { LoadConnection } from "./system.ts";

export async function connectTo(server: MariadbServer): Promise<LoadConnection> {
  const { host, port, user, password } = server;
  const connection = await createConnection({ host, port, user, password, database: "minisql" });
  return {
    async run(sql) {
      const [rows] = await connection.query<RowDataPacket[][] | ResultSetHeader>({
        sql,
        rowsAsArray: true,
      });
      return Array.isArray(rows) ? rows.length : 0;
    },
    close: () => connection.end(),
  };
}

/** Values by name, as SHOW STATUS and its kin give them. */
export async function shown(
  server: MariadbServer,
  sql: string,
): Promise<ReadonlyMap<string, string>> {
  const { host, port, user, password } = server;
  const connection = await createConnection({ host, port, user, password });
  try {
    const [rows] = await connection.query<RowDataPacket[]>(sql);
    return new Map(rows.map((row) => [String(row["Variable_name"]), String(row["Value"])]));
  } finally {
    await connection.end();
  }
}

export async function administer(server: MariadbServer, ...statements: string[]): Promise<void> {
  const connection = await connectTo(server);
  try {
    for (const sql of statements) await connection.run(sql);
  } finally {
    await connection.close();
  }
}
