/** Where a private MariaDB server keeps its files, its option file and its first statements. */
import { REDO_LOG_SIZE } from "./mariadb_template.ts";

export interface MariadbPlace {
  /** Where it runs, gone with it: socket, options and log. A socket's path must be short. */
  readonly folder: string;
  readonly dataDir: string;
  readonly port: number;
  readonly password: string;
  readonly socket: string;
  readonly optionFile: string;
  readonly initFile: string;
  readonly logFile: string;
}

export const HOST = "127.0.0.1";
export const USER = "minisql";
export const DATABASE = "minisql";

/** Fast to start and small. A region server keeps its own log, so the redo log may be relaxed. */
const DEFAULT_SETTINGS: Readonly<Record<string, string>> = {
  "bind-address": HOST,
  "character-set-server": "utf8mb4",
  "collation-server": "utf8mb4_general_ci",
  "innodb-buffer-pool-dump-at-shutdown": "0",
  "innodb-buffer-pool-load-at-startup": "0",
  "innodb-buffer-pool-size": "64M",
  "innodb-flush-log-at-trx-commit": "2",
  "innodb-log-file-size": REDO_LOG_SIZE,
  "max-connections": "500",
  "skip-log-bin": "",
  "skip-name-resolve": "",
  "table-open-cache": "500",
};

export function placeIn(
  folder: string,
  at: { readonly dataDir: string; readonly port: number; readonly password: string },
): MariadbPlace {
  return {
    ...at,
    folder,
    socket: `${folder}/mariadb.sock`,
    optionFile: `${folder}/mariadb.cnf`,
    initFile: `${folder}/init.sql`,
    logFile: `${folder}/mariadb.log`,
  };
}

/** Writes the files the server reads when it starts. Settings given by the caller win. */
export async function writeConfig(
  place: MariadbPlace,
  settings: Readonly<Record<string, string>>,
): Promise<void> {
  const isRoot = (await Deno.stat(place.folder)).uid === 0;
  const own = isRoot ? { ...placeSettings(place), user: "root" } : placeSettings(place);
  const server = { ...DEFAULT_SETTINGS, ...own, ...withHyphens(settings) };
  const client = { ...clientSettings(place), protocol: "tcp" };
  const text = `[mariadbd]\n${lines(server)}\n[client]\n${lines(client)}`;
  await Deno.writeTextFile(place.optionFile, text, { mode: 0o600 });
  await Deno.writeTextFile(place.initFile, firstStatements(place.password), { mode: 0o600 });
}

function placeSettings(place: MariadbPlace): Record<string, string> {
  return {
    "datadir": place.dataDir,
    "pid-file": `${place.folder}/mariadb.pid`,
    "port": String(place.port),
    "socket": place.socket,
    // A starting server removes what it takes for left-over temporary tables in its tmpdir.
    "tmpdir": place.folder,
  };
}

function clientSettings(place: MariadbPlace): Record<string, string> {
  return { host: HOST, port: String(place.port), user: USER, password: place.password };
}

/** Run before the server serves; repeatable, since a kept data folder has run them already. */
function firstStatements(password: string): string {
  const account = `'${USER}'@'%'`;
  return [
    "DELETE FROM mysql.global_priv WHERE User = '';",
    "FLUSH PRIVILEGES;",
    `CREATE OR REPLACE USER ${account} IDENTIFIED BY '${password}';`,
    `GRANT ALL PRIVILEGES ON *.* TO ${account} WITH GRANT OPTION;`,
    `CREATE DATABASE IF NOT EXISTS ${DATABASE};`,
    "",
  ].join("\n");
}

function withHyphens(settings: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(settings).map(([name, value]) => [name.replaceAll("_", "-"), value]),
  );
}

function lines(options: Readonly<Record<string, string>>): string {
  return Object.entries(options)
    .map(([name, value]) => value === "" ? `${name}\n` : `${name}=${value}\n`)
    .join("");
}
