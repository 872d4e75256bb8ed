/** Running other programs to their end, and finding them. */
import { ServiceError } from "./service_error.ts";

/** Debian keeps server programs where an ordinary user's PATH does not look. */
const SERVER_FOLDERS = ["/usr/local/sbin", "/usr/sbin", "/sbin"];

/** Runs a program and returns what it printed. Its whole error output is in the error. */
export async function output(program: string, args: readonly string[]): Promise<string> {
  const command = new Deno.Command(program, { args: [...args], stdin: "null" });
  const { success, code, stdout, stderr } = await command.output();
  const decoder = new TextDecoder();
  if (!success) {
    const said = `${decoder.decode(stdout)}${decoder.decode(stderr)}`.trim();
    throw new ServiceError(`Cannot run ${program} ${args.join(" ")}: exit code ${code}\n${said}`);
  }
  return decoder.decode(stdout);
}

/** The full path of a program, or null when this machine has none of that name. */
export async function findProgram(name: string): Promise<string | null> {
  const folders = [...(Deno.env.get("PATH") ?? "").split(":"), ...SERVER_FOLDERS];
  for (const folder of folders.filter((folder) => folder.startsWith("/"))) {
    const path = `${folder}/${name}`;
    if (await isFile(path)) return path;
  }
  return null;
}

export async function isFile(path: string): Promise<boolean> {
  return await Deno.stat(path).then((info) => info.isFile, () => false);
}
