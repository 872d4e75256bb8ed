/** Operations that every process answers. */
import { boolean, integer, nullable, object, oneOf, optional, text } from "../../base/shape.ts";
import type { CallSpec } from "../call.ts";
import { rid } from "../model.ts";

export const CALLER_ROLES = ["client", "shell", "console", "region", "master", "check"] as const;

export const ANY_CALLS = {
  hello: {
    to: "any",
    does: "Opens the conversation; must come first, once.",
    request: object({
      protocol: integer(1),
      /** A caller of another cluster is turned away before it can do harm. */
      cluster: text({ min: 1, max: 128 }),
      role: oneOf(CALLER_ROLES),
      /** Who is calling, for logs and lists: a program's name, a server's address. */
      name: text({ max: 128 }),
      user: optional(text({ max: 80 })),
      password: optional(text({ max: 512 })),
      rid: optional(rid),
      incarnation: optional(text({ min: 1, max: 64 })),
    }),
    answer: object({
      protocol: integer(1),
      role: oneOf(["master", "region"]),
      version: text(),
      rid: optional(nullable(rid)),
      /** False while the process starts or drains: do not send it work. */
      ready: boolean,
    }),
  },
  ping: {
    to: "any",
    does: "Does nothing; the answer shows that the process and the link live.",
    repeatable: true,
    request: object({}),
    answer: object({}),
  },
} as const satisfies Readonly<Record<string, CallSpec>>;
