/** Addresses of databases as flags have them: `mysql://user@host:port/database`. */
import { UsageError } from "./usage_error.ts";

const MYSQL_PORT = 3306;
const MYSQL_SCHEMES: readonly string[] = ["mysql:", "mariadb:"];

export interface MysqlPlace {
  readonly server:
    | { readonly host: string; readonly port: number }
    | { readonly socket: string };
  readonly user: string;
  /** Empty where the address holds none. */
  readonly password: string;
  readonly database: string;
}

/** A flag that names a database, for the messages about it. */
export class DatabaseUrl {
  readonly #flag: string;
  readonly #text: string;
  readonly #url: URL;

  /** Raises a `UsageError` for what no scheme in `schemes` begins; `accepts` says what would do. */
  constructor(flag: string, text: string, schemes: readonly string[], accepts: string) {
    this.#flag = flag;
    this.#text = text;
    const url = URL.canParse(text) ? new URL(text) : null;
    if (url === null || !schemes.includes(url.protocol)) {
      throw this.#unusable(`it must be ${accepts}`);
    }
    this.#url = url;
  }

  static mysql(flag: string, text: string): DatabaseUrl {
    return new DatabaseUrl(flag, text, MYSQL_SCHEMES, "mysql://user@host:port/database");
  }

  get isMysql(): boolean {
    return MYSQL_SCHEMES.includes(this.#url.protocol);
  }

  /** What follows the scheme, decoded. */
  get path(): string {
    return this.#decoded(this.#url.pathname);
  }

  /** `database` is what it is called where the address does not say. */
  mysqlPlace(database: string): MysqlPlace {
    const { hostname, port, searchParams, username, password, pathname } = this.#url;
    const socket = searchParams.get("socket");
    const number = port === "" ? MYSQL_PORT : Number(port);
    return {
      server: socket === null ? { host: hostname || "127.0.0.1", port: number } : { socket },
      user: this.#decoded(username) || "minisql",
      password: this.#decoded(password),
      database: this.#decoded(pathname.slice(1)) || database,
    };
  }

  #decoded(part: string): string {
    try {
      return decodeURIComponent(part);
    } catch {
      const why = "a % in it must be followed by two hexadecimal digits, as in %25";
      throw this.#unusable(why);
    }
  }

  /** What stands before an @ may hold a password, which is not to be repeated. */
  #unusable(why: string): UsageError {
    const shown = this.#text.replace(/:\/\/.*@/, "://…@");
    return new UsageError(`Cannot use --${this.#flag}="${shown}": ${why}`);
  }
}
