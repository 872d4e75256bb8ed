/** `minisql/no-ambient`: time, chance and the world are reached through ports only. */
import {
  AMBIENT_GLOBALS,
  AMBIENT_MEMBERS,
  PURE_MODULES,
  PURE_PACKAGES,
  SIM_ALLOWS,
} from "./ambient_names.ts";
import { type ModuleUse, moduleUses } from "./imports.ts";
import { bindingOf, isLookup, isShadowed } from "./scopes.ts";
import { type SourceFile, sourceFile } from "./source_file.ts";

type Node = Deno.lint.Node;
type Binding = NonNullable<ReturnType<typeof bindingOf>>;

/** Layers whose purpose is to touch the world. */
const OPEN_LAYERS = new Set<string | null>(["adapters", "cli", "main", null]);

export const noAmbientRule: Deno.lint.Rule = {
  create(context) {
    const file = sourceFile(context.filename);
    if (file.isTest || file.layer === null) return {};
    if (file.layer === "main") return {};
    const check = OPEN_LAYERS.has(file.layer)
      ? exitFault
      : (node: Deno.lint.Identifier) => globalFault(node, file);
    const uses: Deno.lint.Identifier[] = [];
    const bindings: Binding[] = [];
    return {
      ...moduleUses((use) => {
        const message = OPEN_LAYERS.has(file.layer) ? null : moduleFault(use, file);
        if (message !== null) context.report({ node: use.node, message });
      }),
      Identifier(node) {
        const binding = bindingOf(node);
        if (binding !== null) bindings.push(binding);
        else if (isLookup(node)) uses.push(node);
      },
      "Program:exit"() {
        for (const node of distinct(uses)) {
          if (isShadowed(bindings, node.name, node.range)) continue;
          const message = check(node);
          if (message !== null) context.report({ node, message });
        }
      },
    };
  },
};

/** A shorthand property is visited as its key and again as its value. */
function distinct(nodes: readonly Deno.lint.Identifier[]): readonly Deno.lint.Identifier[] {
  const seen = new Set<number>();
  return nodes.filter((node) => !seen.has(node.range[0]) && seen.add(node.range[0]));
}

function globalFault(node: Deno.lint.Identifier, file: SourceFile): string | null {
  if (file.layer === "sim" && SIM_ALLOWS.has(node.name)) return null;
  const members = membersUsed(node);
  const whole = AMBIENT_GLOBALS.get(node.name);
  if (whole !== undefined) {
    const name = members.length === 1 ? `${node.name}.${members[0]}` : node.name;
    return `Use ${whole} instead of ${name}`;
  }
  const parts = AMBIENT_MEMBERS.get(node.name);
  if (parts === undefined) return null;
  for (const member of [...members, ...callsUsed(node)]) {
    const instead = parts.get(member);
    if (instead !== undefined) return `Use ${instead} instead of ${written(node.name, member)}`;
  }
  return null;
}

function written(name: string, member: string): string {
  if (member === "new()") return `new ${name}()`;
  return member === "()" ? `${name}()` : `${name}.${member}`;
}

/** The program ends in one place, so that everything else can clean up after itself. */
function exitFault(node: Deno.lint.Identifier): string | null {
  if (node.name !== "Deno" && node.name !== "process") return null;
  if (!membersUsed(node).includes("exit")) return null;
  return `Return an exit code instead of ${node.name}.exit: only main.ts ends the process`;
}

/** Members taken of a global: by a dot, by a literal in brackets, or by destructuring. */
function membersUsed(node: Deno.lint.Identifier): readonly string[] {
  const parent = node.parent as Node;
  if (parent.type === "MemberExpression") return memberName(parent);
  if (parent.type !== "VariableDeclarator" || parent.id.type !== "ObjectPattern") return [];
  return parent.id.properties.flatMap((each) =>
    each.type === "Property" && each.key.type === "Identifier" ? [each.key.name] : []
  );
}

function memberName(node: Deno.lint.MemberExpression): readonly string[] {
  const { property } = node;
  if (!node.computed) return property.type === "Identifier" ? [property.name] : [];
  return property.type === "Literal" && typeof property.value === "string" ? [property.value] : [];
}

/** `Date()` and `new Date()` tell the time; `new Date(value)` does not. */
function callsUsed(node: Deno.lint.Identifier): readonly string[] {
  const parent = node.parent as Node;
  if (parent.type === "NewExpression" && parent.arguments.length === 0) return ["new()"];
  const isCallee = parent.type === "CallExpression" && parent.callee.range[0] === node.range[0] &&
    parent.callee.type === "Identifier";
  return isCallee ? ["()"] : [];
}

function moduleFault(use: ModuleUse, file: SourceFile): string | null {
  const { specifier, names } = use;
  if (specifier === null || /^\.{0,2}\//.test(specifier)) return null;
  if (file.layer === "sim" && SIM_ALLOWS.has(specifier)) return null;
  if (!specifier.startsWith("node:")) {
    if (PURE_PACKAGES.has(specifier)) return null;
    return `Use a port instead of ${specifier}: only src/adapters and src/cli import packages`;
  }
  const pure = PURE_MODULES.get(specifier);
  if (pure === undefined) {
    return `Use a port instead of ${specifier}: only src/adapters and src/cli do input and output`;
  }
  if (pure === "all" || use.typeOnly) return null;
  if (names === null) return `Import ${specifier} by name: ${[...pure].join(", ")} are pure`;
  const impure = names.find((name) => !pure.has(name));
  return impure === undefined ? null : `Use a port instead of ${impure} of ${specifier}`;
}
