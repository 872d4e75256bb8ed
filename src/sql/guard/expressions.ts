/** The expressions of a write: what they need of the context, and what the primary must fill in. */
import type { Frequency, Use } from "./calls.ts";
import { usesIn } from "./calls.ts";
import { type FunctionRule, functionRule } from "./functions.ts";
import { type Group, isGroup, type Node } from "./tree.ts";
import { type ContextField, unsafe, unsupported } from "./verdict.ts";

/** A place in the text whose value the primary finds out once and writes in. */
export interface Spot {
  readonly start: number;
  readonly end: number;
}

type Call = Extract<Use, { readonly kind: "call" }>;

const PER_ROW = "it is another value in each row, and rows come in no said order";

export class Expressions {
  readonly context = new Set<ContextField>();
  readonly #spots: Spot[] = [];

  /** Takes expressions in; raises a refusal for the first thing that cannot repeat. */
  take(nodes: readonly Node[], frequency: Frequency): void {
    const uses = usesIn(nodes, frequency);
    for (const use of uses) this.#use(use);
    refuseSelfSeenLastId(uses);
  }

  /** In the order of the text. */
  get spots(): readonly Spot[] {
    return this.#spots.toSorted((a, b) => a.start - b.start);
  }

  #use(use: Use): void {
    switch (use.kind) {
      case "user_variable":
        throw userVariable(use.token.text);
      case "system_variable":
        throw unsafe(
          use.token.text,
          "a setting may differ between servers",
          "write its value as a literal",
        );
      case "sequence":
        throw forbidden("NEXT VALUE FOR", functionRule("NEXTVAL"));
      case "call":
        return this.#call(use);
    }
  }

  #call(call: Call): void {
    const rule = call.isQualified ? { kind: "unknown" } as const : functionRule(call.name);
    const called = `${call.name}()`;
    switch (rule.kind) {
      case "pure":
        return;
      case "clock":
        this.context.add("timestamp");
        return;
      case "last_insert_id":
        if (isEmpty(call.args)) this.context.add("last_insert_id");
        return;
      case "random":
        if (call.frequency === "rows") throw unsafe(called, PER_ROW, RANDOM_ADVICE);
        this.context.add("random_seeds");
        return;
      case "constant":
        this.#spots.push(call);
        return;
      case "fresh":
        return this.#fresh(call);
      case "local":
        throw unsafe(called, rule.why, rule.instead);
      case "forbidden":
        throw forbidden(called, rule);
      case "unknown":
        throw unsafe(
          called,
          "it is no built-in function that is known, and what a stored or loadable one does " +
            "cannot be seen",
          "compute it in the client and write the value as a literal",
        );
    }
  }

  #fresh(call: Call): void {
    const called = `${call.name}()`;
    if (call.frequency !== "once") {
      throw unsafe(called, PER_ROW, "write one row at a time, or make the values in the client");
    }
    if (!isLiterals(call.args)) {
      throw unsafe(
        `${called} of an expression`,
        "the primary fills its value in beforehand",
        "give it a literal",
      );
    }
    this.#spots.push(call);
  }
}

const RANDOM_ADVICE = "say the rows' order with ORDER BY a unique key in an UPDATE, or make the " +
  "values in the client";

function isEmpty(args: Group | null): boolean {
  return args === null || args.items.length === 0;
}

function isLiterals(args: Group | null): boolean {
  return args === null || args.items.every((node) => !isGroup(node) && node.kind === "number");
}

/** Within one statement, LAST_INSERT_ID() would see what LAST_INSERT_ID(expr) said for a row. */
function refuseSelfSeenLastId(uses: readonly Use[]): void {
  const calls = uses.filter((use): use is Call =>
    use.kind === "call" && use.name === "LAST_INSERT_ID"
  );
  if (calls.some(({ args }) => isEmpty(args)) && calls.some(({ args }) => !isEmpty(args))) {
    throw unsafe(
      "LAST_INSERT_ID() beside LAST_INSERT_ID(expr)",
      "the one shows what the other said for whichever row came before",
      "use one of them",
    );
  }
}

function forbidden(what: string, rule: FunctionRule) {
  const { why, instead } = rule.kind === "forbidden" ? rule : { why: "", instead: "" };
  return unsupported(what, why, instead);
}

export function userVariable(text: string) {
  return unsupported(
    `a statement with ${text}`,
    "the connection and its variables are shared by many clients",
    "send the value as a parameter",
  );
}
