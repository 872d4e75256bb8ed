/** Colours for SQL as it is typed. */
import type { Style } from "../port.ts";
import { isKeyword } from "./keywords.ts";
import type { Painted } from "./layout.ts";
import { type Part, scan } from "./scan.ts";

/** Colouring long texts at every key would make typing slow. */
const LENGTH_MAX = 20_000;

export function highlight(text: string, style: Style): readonly Painted[] {
  if (!style.isColoured || text.length > LENGTH_MAX) return [{ text, paint: null }];
  return scan(text).map((part) => ({ text: part.text, paint: paintOf(part, style) }));
}

function paintOf({ kind, text }: Part, style: Style): Painted["paint"] {
  switch (kind) {
    case "word":
      return isKeyword(text) ? (shown) => style.bold(style.cyan(shown)) : null;
    case "string":
      return (shown) => style.green(shown);
    case "number":
      return (shown) => style.yellow(shown);
    case "comment":
      return (shown) => style.dim(shown);
    case "command":
      return (shown) => style.bold(shown);
    default:
      return null;
  }
}
