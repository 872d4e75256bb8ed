/** Runs a program in the repository and answers with what it wrote. */
import { ROOT } from "./root.ts";

export interface Ran {
  readonly success: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

export async function run(program: string, args: readonly string[]): Promise<Ran> {
  const { success, stdout, stderr } = await new Deno.Command(program, {
    args: [...args],
    cwd: ROOT,
    env: { NO_COLOR: "1" },
  }).output();
  const decoder = new TextDecoder();
  return { success, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}
