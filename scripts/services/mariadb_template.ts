/** A pristine MariaDB data folder, made once for each version and copied for each server. */
import { output } from "./commands.ts";
import { createRunFolder, removeFolder } from "./run_folder.ts";

/** The small redo log keeps copies quick; servers of a larger one resize it when they start. */
export const REDO_LOG_SIZE = "16M";

export interface MariadbPrograms {
  readonly server: string;
  readonly installDb: string;
}

/** Fills `dataDir`, which need not exist, with a new and empty server's data. */
export async function copyTemplate(programs: MariadbPrograms, dataDir: string): Promise<void> {
  const template = await templateFolder(programs);
  await Deno.mkdir(dataDir, { recursive: true });
  await output("cp", ["-a", "--reflink=auto", `${template}/.`, dataDir]);
}

async function templateFolder(programs: MariadbPrograms): Promise<string> {
  const version = await output(programs.server, ["--no-defaults", "--version"]);
  const user = (await output("id", ["-un"])).trim();
  const cache = cacheFolder();
  const template = `${cache}/mariadb-${await digest(`${version} ${user} ${REDO_LOG_SIZE}`)}`;
  if (await exists(template)) return template;
  const work = await createRunFolder("template", cache);
  try {
    await makeDataFolder(programs.installDb, `${work}/data`, user);
    await renameUnlessThere(`${work}/data`, template);
    return template;
  } finally {
    await removeFolder(work);
  }
}

/** Root may only come in by the socket: the server has no account without a password. */
async function makeDataFolder(installDb: string, dataDir: string, user: string): Promise<void> {
  await output(installDb, [
    "--no-defaults",
    `--datadir=${dataDir}`,
    `--tmpdir=${dataDir}`,
    "--skip-test-db",
    "--auth-root-authentication-method=socket",
    `--auth-root-socket-user=${user}`,
    `--innodb-log-file-size=${REDO_LOG_SIZE}`,
    ...(user === "root" ? ["--user=root"] : []),
  ]);
}

/** Another process may have made the same template meanwhile; either is as good. */
async function renameUnlessThere(from: string, to: string): Promise<void> {
  try {
    await Deno.rename(from, to);
  } catch (error) {
    if (!await exists(to)) throw error;
  }
}

function cacheFolder(): string {
  const home = Deno.env.get("HOME");
  const caches = Deno.env.get("XDG_CACHE_HOME") ?? (home === undefined ? "/tmp" : `${home}/.cache`);
  return `${caches}/minisql`;
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

async function digest(text: string): Promise<string> {
  const bytes = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return new Uint8Array(bytes).toHex().slice(0, 12);
}
