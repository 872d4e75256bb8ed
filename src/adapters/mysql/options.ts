/** Where a region server's MySQL is, who asks, and within which limits. */

export interface MysqlTls {
  /** Certificates of the authorities to trust, PEM; those of the system when absent. */
  readonly ca?: string;
  /** The client's own certificate and key, PEM, where the server asks for them. */
  readonly cert?: string;
  readonly key?: string;
}

export interface MysqlEngineOptions {
  readonly server:
    | { readonly host: string; readonly port: number }
    | { readonly socket: string };
  readonly user: string;
  readonly password: string;
  /** It must exist. All of it belongs to this region server. */
  readonly database: string;
  /** Encrypts, and verifies the server's certificate and name; in the clear when absent. */
  readonly tls?: MysqlTls;
  readonly limits?: Partial<MysqlLimits>;
  /** `mysql` keeps to what MySQL understands on MariaDB too, at the price of more round trips. */
  readonly dialect?: "mysql";
}

export interface MysqlLimits {
  /** Sessions open at a time; one more is refused with `UNAVAILABLE`. */
  readonly sessionsMax: number;
  /** Connections for what the engine does by itself: schemas, maintenance. */
  readonly poolMax: number;
  /** Within which a connection is there, authenticated and set up. */
  readonly connectMs: number;
  /** Within which the engine's own commands end: BEGIN, COMMIT, flushes, schemas. */
  readonly commandMs: number;
  /** Within which counting a table's rows ends, and waiting for a free connection. */
  readonly maintainMs: number;
  /** How long a statement that was ended may take to end, before its connection is cut. */
  readonly endMs: number;
}

export const DEFAULT_LIMITS: MysqlLimits = {
  sessionsMax: 200,
  poolMax: 4,
  connectMs: 10_000,
  commandMs: 30_000,
  maintainMs: 3_600_000,
  endMs: 6_000,
};

/** The server, for people. */
export function placeOf({ server }: Pick<MysqlEngineOptions, "server">): string {
  return "socket" in server ? server.socket : `${server.host}:${server.port}`;
}
