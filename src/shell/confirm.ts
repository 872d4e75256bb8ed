/** Asks a person whether to go on, on a terminal that is not being edited on. */
import { PlainLines } from "./editor/plain_lines.ts";
import type { ShellPort } from "./port.ts";

/** Without a person there is nobody to say no. */
export async function isConfirmed(port: ShellPort, question: string): Promise<boolean> {
  if (!port.keyboard.isTerminal || !port.err.isTerminal) return true;
  const asking = { ...port, out: port.err };
  const edited = await new PlainLines(asking).edit({
    prompt: () => `${question} [y/N] `,
    isComplete: () => true,
    paint: () => [],
    complete: null,
    history: [],
    initial: "",
  });
  return edited.kind === "text" && /^y(es)?$/i.test(edited.text.trim());
}
