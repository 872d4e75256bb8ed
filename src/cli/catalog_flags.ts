/** Flags that say where the catalog is, and the catalog they describe. */
import { openCatalogDatabase, SqliteCatalog } from "../adapters/sqlite_catalog.ts";
import { MysqlCatalog } from "../adapters/mysql_catalog.ts";
import type { Catalog } from "../ports/catalog.ts";
import type { Clock } from "../ports/clock.ts";
import type { ConfigOf, FlagTable } from "./flags.ts";
import { UsageError } from "./usage_error.ts";

const SECTION = "Catalog";

export const CATALOG_FLAGS = {
  catalog: {
    kind: "text",
    default: "mysql://minisql@127.0.0.1:3306/minisql",
    value: "URL",
    section: SECTION,
    help: "Where the cluster's records are kept: mysql://user@host:port/database, or sqlite:FILE",
  },
  "catalog-password": {
    kind: "secret",
    value: "PASSWORD",
    section: SECTION,
    help: "The password of the catalog's user",
  },
  "catalog-timeout": {
    kind: "duration",
    default: "5s",
    min: "100ms",
    max: "1m",
    section: SECTION,
    help: "How long one call to the catalog may take",
  },
} as const satisfies FlagTable;

const MYSQL_PORT = 3306;

export function openCatalog(config: ConfigOf<typeof CATALOG_FLAGS>, clock: Clock): Catalog {
  const url = readUrl(config.catalog);
  const decode = (part: string) => decoded(part, config.catalog);
  if (url.protocol === "sqlite:") {
    return new SqliteCatalog(openCatalogDatabase(decode(url.pathname) || ":memory:"));
  }
  const socket = url.searchParams.get("socket");
  const port = url.port === "" ? MYSQL_PORT : Number(url.port);
  return new MysqlCatalog({ clock }, {
    server: socket === null ? { host: url.hostname || "127.0.0.1", port } : { socket },
    user: decode(url.username) || "minisql",
    password: config.catalogPassword ?? decode(url.password),
    database: decode(url.pathname.slice(1)) || "minisql",
    timeoutMs: config.catalogTimeout,
  });
}

function readUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url !== null && ["mysql:", "mariadb:", "sqlite:"].includes(url.protocol)) return url;
  throw unusable(text, "it must be mysql://user@host:port/database or sqlite:FILE");
}

function decoded(part: string, text: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw unusable(text, "a % in it must be followed by two hexadecimal digits, as in %25");
  }
}

/** What stands before an @ may hold a password, which is not to be repeated. */
function unusable(text: string, why: string): UsageError {
  return new UsageError(`Cannot use --catalog="${text.replace(/:\/\/.*@/, "://…@")}": ${why}`);
}
