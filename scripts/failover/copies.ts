/** The rows of a copy, read from its database itself, past every part of minisql. */
import { createConnection, type RowDataPacket } from "mysql2/promise";
import type { MariadbServer } from "../services/mariadb.ts";
import { COPIES } from "../services/minisql.ts";
import { TABLE } from "./writers.ts";

const CHUNK_ROWS = 20_000;

export type StoredRow = readonly [id: number, writer: number, counter: number];

export interface Copy {
  /** The next rows in the order of their ids; none at the end. */
  rowsAfter(id: number): Promise<readonly StoredRow[]>;
}

export function copyIn({ host, port, user, password }: MariadbServer): Copy {
  return {
    async rowsAfter(id) {
      const connection = await createConnection({ host, port, user, password, database: COPIES });
      try {
        const [rows] = await connection.query<RowDataPacket[][]>({
          sql: `SELECT id, writer, counter FROM ${TABLE} WHERE id > ${id} ORDER BY id ` +
            `LIMIT ${CHUNK_ROWS}`,
          rowsAsArray: true,
        });
        return rows as unknown as readonly StoredRow[];
      } finally {
        await connection.end();
      }
    },
  };
}
