/** LIKE and REGEXP. */
import { sqlError } from "../../protocol/errors.ts";
import { foldCase } from "./functions_collation.ts";
import { charactersBefore } from "./functions_characters.ts";
import { fnState, type FunctionSpec, type SqlValue } from "./functions_spec.ts";
import type { FunctionState } from "./functions_state.ts";
import { BOOLEAN_TYPE, integerType, textType } from "./translate_type.ts";

export type Matcher = (text: string) => boolean;

/** What a pattern asks for at one place: a character, any one (`_`), or any number of them (`%`). */
type Part = { readonly exact: string } | "one" | "many";

function parsePattern(pattern: string, escape: string): readonly Part[] {
  const parts: Part[] = [];
  const characters = [...pattern];
  for (let at = 0; at < characters.length; at++) {
    const character = characters[at] ?? "";
    if (character === escape && escape !== "" && at + 1 < characters.length) {
      parts.push({ exact: characters[++at] ?? "" });
    } else if (character === "%") {
      if (parts.at(-1) !== "many") parts.push("many");
    } else parts.push(character === "_" ? "one" : { exact: character });
  }
  return parts;
}

/** Compiles a LIKE pattern; with `ci`, characters match those of the same weight. */
export function compileLike(pattern: string, escape: string, ci: boolean): Matcher {
  const parts = parsePattern(pattern, escape).map((part): Part =>
    ci && typeof part !== "string" ? { exact: foldCase(part.exact) } : part
  );
  const fold = ci ? foldCase : (text: string) => text;
  const simple = compileSimple(parts);
  if (simple !== null) return (text) => simple(fold(text));
  return (text) => matches([...fold(text)], parts);
}

/** `abc`, `abc%`, `%abc` and `%abc%` need no search of their own. */
function compileSimple(parts: readonly Part[]): Matcher | null {
  const starts = parts[0] === "many";
  const ends = parts.at(-1) === "many";
  const inner = parts.slice(starts ? 1 : 0, ends && parts.length > 1 ? -1 : undefined);
  let text = "";
  for (const part of inner) {
    if (typeof part === "string") return null;
    text += part.exact;
  }
  if (parts.length === 1 && starts) return () => true;
  if (starts && ends) return (value) => value.includes(text);
  if (starts) return (value) => value.endsWith(text);
  return ends ? (value) => value.startsWith(text) : (value) => value === text;
}

/** Greedy matching that goes back only to the last `%`, so that its time is bounded. */
function matches(text: readonly string[], parts: readonly Part[]): boolean {
  let at = 0;
  let part = 0;
  let retryAt = -1;
  let retryPart = -1;
  while (at < text.length) {
    const wanted = parts[part];
    if (wanted === "many") {
      retryPart = part++;
      retryAt = at;
    } else if (
      wanted !== undefined && (wanted === "one" || wanted.exact === text[at])
    ) {
      at++;
      part++;
    } else if (retryPart >= 0) {
      part = retryPart + 1;
      at = ++retryAt;
    } else return false;
  }
  while (parts[part] === "many") part++;
  return part === parts.length;
}

/** POSIX classes, and word boundaries, as JavaScript writes them. */
const CLASSES: Readonly<Record<string, string>> = {
  alpha: "\\p{L}",
  digit: "\\d",
  alnum: "\\p{L}\\p{N}",
  space: "\\s",
  upper: "\\p{Lu}",
  lower: "\\p{Ll}",
  punct: "!-\\/:-@\\[-`{-~",
  xdigit: "0-9A-Fa-f",
  blank: " \\t",
  word: "\\w",
  cntrl: "\\x00-\\x1f\\x7f",
};

export function compileRegexp(pattern: string, ci: boolean, all = false): RegExp {
  let flags = `u${ci ? "i" : ""}${all ? "g" : ""}`;
  let source = pattern
    .replace(/\[\[:<:\]\]|\[\[:>:\]\]/g, "\\b")
    .replace(/\[:(\w+):\]/g, (found, name: string) => CLASSES[name] ?? found);
  const inline = /^\(\?([ims]+)\)/.exec(source);
  if (inline !== null) {
    source = source.slice(inline[0].length);
    for (const flag of inline[1] ?? "") if (!flags.includes(flag)) flags += flag;
  }
  // Before a line break at the very end is an end, too.
  source = source.replace(/(?<!\\)\$$/, "(?=\\n?$(?![\\s\\S]))");
  try {
    return new RegExp(source, flags);
  } catch {
    return lenient(source, flags, pattern);
  }
}

/** Escapes that mean nothing are refused in JavaScript's strict mode of patterns only. */
function lenient(source: string, flags: string, pattern: string): RegExp {
  try {
    return new RegExp(source, flags.replace("u", ""));
  } catch (error) {
    const why = error instanceof Error ? error.message.split(": ").at(-1) : "";
    throw sqlError(1139, "42000", `Regex error '${why}' in '${pattern}'`);
  }
}

function like(state: FunctionState, text: string, pattern: string, rest: LikeRest): boolean {
  const key = `${rest.ci ? 1 : 0}${rest.escape}\0${pattern}`;
  return state.likes.get(key, () => compileLike(pattern, rest.escape, rest.ci))(text);
}

interface LikeRest {
  readonly escape: string;
  readonly ci: boolean;
}

function regexp(state: FunctionState, pattern: string, ci: SqlValue | undefined, all = false) {
  const isCi = ci === 1n;
  const key = `${isCi ? 1 : 0}${all ? 1 : 0}${pattern}`;
  const found = state.regexps.get(key, () => compileRegexp(pattern, isCi, all));
  found.lastIndex = 0;
  return found;
}

const TEXT = textType();
const POSITION = integerType(0n, 2n ** 31n);

export const LIKE_FUNCTIONS: readonly FunctionSpec[] = [
  fnState(
    { name: "like", params: ["text", "text", "text"], collated: true, result: BOOLEAN_TYPE },
    (state) => (text, pattern, escape, ci) => like(state, text, pattern, { escape, ci: ci === 1n }),
  ),
  fnState(
    { name: "regexp", params: ["text", "text"], collated: true, result: BOOLEAN_TYPE },
    (state) => (text, pattern, ci) => regexp(state, pattern, ci).test(text),
  ),
  fnState(
    { name: "REGEXP_REPLACE", params: ["text", "text", "text"], collated: true, result: TEXT },
    (state) => (text, pattern, replacement, ci) => {
      const template = replacement.replaceAll("$", "$$$$")
        .replace(/\\(\d)/g, (_all, digit: string) => digit === "0" ? "$&" : `$${digit}`);
      return text.replace(regexp(state, pattern, ci, true), template);
    },
  ),
  fnState(
    { name: "REGEXP_SUBSTR", params: ["text", "text"], collated: true, result: TEXT },
    (state) => (text, pattern, ci) => regexp(state, pattern, ci).exec(text)?.[0] ?? "",
  ),
  fnState(
    { name: "REGEXP_INSTR", params: ["text", "text"], collated: true, result: POSITION },
    (state) => (text, pattern, ci) => {
      const at = regexp(state, pattern, ci).exec(text)?.index;
      return at === undefined ? 0n : BigInt(charactersBefore(text, at) + 1);
    },
  ),
];

/** The characters a pattern must begin with; null where it begins with none in particular. */
export function likePrefix(pattern: string, escape: string): string | null {
  let prefix = "";
  for (const part of parsePattern(pattern, escape)) {
    if (typeof part === "string") break;
    prefix += part.exact;
  }
  return prefix === "" ? null : prefix;
}
