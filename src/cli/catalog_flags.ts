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
  if (url.protocol === "sqlite:") {
    return new SqliteCatalog(openCatalogDatabase(url.pathname || ":memory:"));
  }
  const socket = url.searchParams.get("socket");
  const port = url.port === "" ? MYSQL_PORT : Number(url.port);
  return new MysqlCatalog({ clock }, {
    server: socket === null ? { host: url.hostname || "127.0.0.1", port } : { socket },
    user: decodeURIComponent(url.username) || "minisql",
    password: config.catalogPassword ?? decodeURIComponent(url.password),
    database: decodeURIComponent(url.pathname.slice(1)) || "minisql",
    timeoutMs: config.catalogTimeout,
  });
}

function readUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url !== null && ["mysql:", "mariadb:", "sqlite:"].includes(url.protocol)) return url;
  throw new UsageError(
    `Cannot use --catalog="${text}": it must be mysql://user@host:port/database or sqlite:FILE`,
  );
}
