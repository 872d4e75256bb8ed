/** Temporary folders named after the process they belong to, so that a dead one's can be removed. */
import { ServiceError } from "./service_error.ts";

/** `minisql-<pid>-<start time>-...`: the number alone may have been given to another one since. */
const NAME = /^minisql-(\d+)-(\d+)-/;

/** Makes an empty folder only this user can read. Folders that dead processes left go first. */
export async function createRunFolder(kind: string, parent = temporaryFolder()): Promise<string> {
  await Deno.mkdir(parent, { recursive: true });
  const found = await runFoldersIn(parent);
  const startTimes = await startTimesOf([Deno.pid, ...found.map((folder) => folder.pid)]);
  const left = found.filter((folder) => startTimes.get(folder.pid) !== folder.startTime);
  await Promise.all(left.map((folder) => removeIfPossible(`${parent}/${folder.name}`)));
  const ownStart = startTimes.get(Deno.pid);
  if (ownStart === undefined) throw new ServiceError("Cannot read /proc: this needs Linux");
  // Short, since a socket inside may have a path of at most 107 bytes.
  const random = crypto.getRandomValues(new Uint8Array(4)).toHex();
  const path = `${parent}/minisql-${Deno.pid}-${ownStart}-${kind}-${random}`;
  await Deno.mkdir(path, { mode: 0o700 });
  return path;
}

/** Removes a folder and all in it; does nothing when it is gone already. */
export async function removeFolder(path: string): Promise<void> {
  try {
    await Deno.remove(path, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

function temporaryFolder(): string {
  return Deno.env.get("TMPDIR") ?? "/tmp";
}

interface RunFolder {
  readonly name: string;
  readonly pid: number;
  readonly startTime: string;
}

async function runFoldersIn(parent: string): Promise<readonly RunFolder[]> {
  const found: RunFolder[] = [];
  for await (const { name, isDirectory } of Deno.readDir(parent)) {
    const match = NAME.exec(name);
    if (!isDirectory || match === null) continue;
    found.push({ name, pid: Number(match[1]), startTime: match[2] ?? "" });
  }
  return found;
}

/** Another process may be removing the same folder, or it may be another user's. */
async function removeIfPossible(path: string): Promise<void> {
  await Deno.remove(path, { recursive: true }).catch(() => {});
}

/**
 * When each of these processes started, in clock ticks since the machine did; none for a dead one.
 * `cat` reads it, since Deno itself may only look into /proc with every permission granted.
 */
export async function startTimesOf(pids: readonly number[]): Promise<ReadonlyMap<number, string>> {
  const args = [...new Set(pids)].map((pid) => `/proc/${pid}/stat`);
  const { stdout } = await new Deno.Command("cat", { args, stdin: "null" }).output();
  const times = new Map<number, string>();
  for (const line of new TextDecoder().decode(stdout).split("\n")) {
    // The second field is the program's name in brackets, and may hold anything.
    const fields = line.slice(line.lastIndexOf(")") + 2).split(" ");
    const [state, startTime] = [fields[0], fields[19]];
    if (startTime === undefined || state === "Z" || state === "X") continue;
    times.set(Number.parseInt(line), startTime);
  }
  return times;
}
