/**
 * A region server's data folder: who this server is, which cluster and which database it belongs
 * to, its log, and what it has set aside. One process at a time has it.
 */
import { boolean, object, optional, text } from "../base/shape.ts";
import { FileDisk } from "../adapters/file_disk.ts";
import { readNode } from "../cluster/nodes.ts";
import type { Disk } from "../ports/disk.ts";
import type { Engine } from "../ports/engine.ts";
import type { Random } from "../ports/random.ts";
import { MinisqlError } from "../protocol/errors.ts";
import { identity } from "../protocol/model.ts";
import { quoteString } from "../sql/names.ts";

const FILE = "server.json";
const FILE_BYTES_MAX = 64 * 1024;

const contentShape = object({
  cluster: text({ min: 1 }),
  identity,
  /** Whether the database is known to carry the same identity. */
  bound: optional(boolean),
});

interface Content {
  readonly cluster: string;
  readonly identity: string;
  readonly bound?: boolean;
}

interface Disks {
  readonly own: Disk;
  readonly log: Disk;
  readonly quarantine: Disk;
}

const CREATE = "CREATE TABLE IF NOT EXISTS `_minisql_server` (`id` INT NOT NULL PRIMARY KEY, " +
  "`identity` CHAR(32) NOT NULL, `cluster` VARCHAR(128) NOT NULL)";
const RUN = { timeoutMs: 60_000 };

export class DataFolder {
  readonly path: string;
  /** Drawn when the folder was new; the master knows this server by it. */
  readonly identity: string;
  /** Where the log is. */
  readonly log: Disk;
  /** Where repairs set aside what they replace. */
  readonly quarantine: Disk;
  readonly #disk: Disk;
  readonly #content: Content;

  private constructor(path: string, disks: Disks, content: Content) {
    this.path = path;
    this.identity = content.identity;
    this.log = disks.log;
    this.quarantine = disks.quarantine;
    this.#disk = disks.own;
    this.#content = content;
  }

  /**
   * Takes the folder, making it where it is missing. Raises `FORBIDDEN` where it is of another
   * cluster, and `DiskError` where another process has it or it cannot be used.
   */
  static async open(path: string, cluster: string, random: Random): Promise<DataFolder> {
    const own = await FileDisk.open(path);
    const opened: Disk[] = [own];
    try {
      const content = await contentOf(own, path) ?? { cluster, identity: random.id() };
      if (content.cluster !== cluster) {
        throw refusal(
          path,
          `it is of a server of cluster ${content.cluster}, not of ${cluster}; ` +
            "name that cluster, or another folder",
        );
      }
      await write(own, content);
      const log = await FileDisk.open(`${own.folder}/log`);
      opened.push(log);
      const quarantine = await FileDisk.open(`${own.folder}/quarantine`);
      return new DataFolder(own.folder, { own, log, quarantine }, content);
    } catch (error) {
      for (const disk of opened) disk.close();
      throw error;
    }
  }

  /** The path of something in the folder. */
  at(name: string): string {
    return `${this.path}/${name}`;
  }

  /**
   * Ties folder and database to each other: the log of the one must never be taken for that of
   * another. Raises `FORBIDDEN` where either is somebody else's.
   */
  async bind(engine: Engine, database: string): Promise<void> {
    const session = await engine.session();
    try {
      await session.run(CREATE, RUN);
      const { rows: [row] } = await session.run(
        "SELECT `identity`, `cluster` FROM `_minisql_server` WHERE `id` = 1",
        RUN,
      );
      if (row === undefined) await this.#enter(session, database);
      else this.#recognise(String(row[0]), String(row[1]), database);
      await write(this.#disk, { ...this.#content, bound: true });
    } finally {
      await session.close();
    }
  }

  async #enter(
    session: Awaited<ReturnType<Engine["session"]>>,
    database: string,
  ): Promise<void> {
    if (this.#content.bound === true) {
      throw refusal(
        this.path,
        `its server's database is another one, or was emptied: ${database} knows no server. ` +
          "Name the right database; to begin anew with an empty one, name an empty folder too",
      );
    }
    const { cluster } = this.#content;
    await session.run(
      `INSERT INTO \`_minisql_server\` VALUES (1, ${quoteString(this.identity)}, ` +
        `${quoteString(cluster)})`,
      RUN,
    );
  }

  #recognise(found: string, cluster: string, database: string): void {
    if (found === this.identity) return;
    throw refusal(
      this.path,
      `database ${database} is that of another server (${found} of cluster ${cluster}). ` +
        "Give it that server's folder; or drop that database, and make it anew",
    );
  }

  close(): void {
    for (const disk of [this.log, this.quarantine, this.#disk]) disk.close();
  }
}

async function contentOf(disk: Disk, path: string): Promise<Content | null> {
  if (!(await disk.list()).includes(FILE)) return null;
  const file = await disk.open(FILE, { create: false });
  try {
    const bytes = await file.read(0, Math.min(file.size, FILE_BYTES_MAX));
    const read = readNode(contentShape, new TextDecoder().decode(bytes), `${path}/${FILE}`);
    if (!read.ok) throw refusal(path, read.why);
    return read.value;
  } finally {
    file.close();
  }
}

async function write(disk: Disk, content: Content): Promise<void> {
  await disk.replace(FILE, new TextEncoder().encode(`${JSON.stringify(content)}\n`));
}

function refusal(path: string, why: string): MinisqlError {
  return new MinisqlError("FORBIDDEN", `Cannot use the data folder ${path}: ${why}`);
}
