/** The examples of README.md: its fenced blocks, and the conversations in them. */
import { ROOT } from "../../scripts/build/root.ts";

export interface Block {
  /** `sh` is run as written; `text` is what is shown. */
  readonly language: string;
  readonly text: string;
}

/** What was typed at a prompt, and the lines that came of it. */
export interface Exchange {
  readonly typed: string;
  readonly shown: readonly string[];
}

const PROMPT = /^minisql 127\.0\.0\.1:9090 \[minisql\]> /;

export async function readmeBlocks(): Promise<readonly Block[]> {
  const text = await Deno.readTextFile(`${ROOT}README.md`);
  return [...text.matchAll(/^```(\w+)\n([^]*?)^```$/gm)].map(([, language = "", body = ""]) => ({
    language,
    text: body.trimEnd(),
  }));
}

/** The conversation in a block, and the lines above it. */
export function conversation({ text }: Block): {
  readonly above: readonly string[];
  readonly exchanges: readonly Exchange[];
} {
  const above: string[] = [];
  const exchanges: { readonly typed: string; readonly shown: string[] }[] = [];
  for (const line of text.split("\n").filter((each) => each !== "")) {
    const typed = PROMPT.test(line) ? line.replace(PROMPT, "") : null;
    if (typed !== null) exchanges.push({ typed, shown: [] });
    else (exchanges.at(-1)?.shown ?? above).push(line);
  }
  return { above, exchanges };
}

/** Numbers, regions and folders differ from one time to the next. */
export function skeleton(line: string): string {
  return line.trimEnd().replace(/\br[0-9a-f]{12}\b/g, "REGION").replace(/\br\d\b/g, "SERVER")
    .replace(/\/tmp\/[\w/-]+/g, "FOLDER").replace(/\d+(?:\.\d+)?/g, "0");
}

/** Settings of an ini block: `name = value`, and names alone. */
export function settingsOf({ text }: Block): Readonly<Record<string, string>> {
  const lines = text.split("\n").filter((line) => line !== "" && !/^[[#]/.test(line));
  return Object.fromEntries(lines.map((line) => {
    const [, name = "", value = ""] = /^([^=]*?)\s*(?:=\s*(.*))?$/.exec(line) ?? [];
    return [name, value];
  }));
}
