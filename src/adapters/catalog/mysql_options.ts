/** Where the catalog's MySQL is and who asks. */

export interface MysqlTls {
  /** Certificates of the authorities to trust, PEM; those of the system when absent. */
  readonly ca?: string;
  /** The client's own certificate and key, PEM, where the server asks for them. */
  readonly cert?: string;
  readonly key?: string;
}

export interface MysqlCatalogOptions {
  readonly server:
    | { readonly host: string; readonly port: number }
    | { readonly socket: string };
  readonly user: string;
  readonly password: string;
  readonly database: string;
  /** Encrypts and verifies the server's certificate and name; in the clear when absent. */
  readonly tls?: MysqlTls;
  /** Within which every call ends. */
  readonly timeoutMs: number;
}

/** The server, for people. */
export function placeOf({ server }: MysqlCatalogOptions): string {
  return "socket" in server ? server.socket : `${server.host}:${server.port}`;
}
