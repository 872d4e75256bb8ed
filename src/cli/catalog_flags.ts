/** Flags that say where the catalog is, and the catalog they describe. */
import { openCatalogDatabase, SqliteCatalog } from "../adapters/sqlite_catalog.ts";
import { MysqlCatalog } from "../adapters/mysql_catalog.ts";
import type { Catalog } from "../ports/catalog.ts";
import type { Clock } from "../ports/clock.ts";
import { DatabaseUrl } from "./database_url.ts";
import type { ConfigOf, FlagTable } from "./flags.ts";

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

const SCHEMES = ["mysql:", "mariadb:", "sqlite:"];

export function openCatalog(config: ConfigOf<typeof CATALOG_FLAGS>, clock: Clock): Catalog {
  const accepts = "mysql://user@host:port/database or sqlite:FILE";
  const url = new DatabaseUrl("catalog", config.catalog, SCHEMES, accepts);
  if (!url.isMysql) return new SqliteCatalog(openCatalogDatabase(url.path || ":memory:"));
  const place = url.mysqlPlace("minisql");
  return new MysqlCatalog({ clock }, {
    ...place,
    password: config.catalogPassword ?? place.password,
    timeoutMs: config.catalogTimeout,
  });
}
