/** Finds every way in which a file can name another module. */

export interface ModuleUse {
  /** Null where the module's name is computed. */
  readonly specifier: string | null;
  /** Names taken from it; null when the whole module is taken. */
  readonly names: readonly string[] | null;
  readonly typeOnly: boolean;
  readonly node: Deno.lint.Node;
}

/** A visitor that calls `onUse` for imports, re-exports, dynamic imports and import types. */
export function moduleUses(onUse: (use: ModuleUse) => void): Deno.lint.LintVisitor {
  return {
    ImportDeclaration(node) {
      onUse({
        specifier: node.source.value,
        names: importedNames(node),
        typeOnly: node.importKind === "type" ||
          node.specifiers.length > 0 && node.specifiers.every(isTypeSpecifier),
        node,
      });
    },
    ExportNamedDeclaration(node) {
      if (node.source === null) return;
      const names = node.specifiers.map((each) => nameOf(each.local));
      const typeOnly = node.exportKind === "type";
      onUse({ specifier: node.source.value, names, typeOnly, node });
    },
    ExportAllDeclaration(node) {
      const typeOnly = node.exportKind === "type";
      onUse({ specifier: node.source.value, names: null, typeOnly, node });
    },
    ImportExpression(node) {
      onUse({ specifier: literalText(node.source), names: null, typeOnly: false, node });
    },
    TSImportType(node) {
      const specifier = literalText(literalOfType(node.argument));
      onUse({ specifier, names: null, typeOnly: true, node });
    },
  };
}

function importedNames(node: Deno.lint.ImportDeclaration): readonly string[] | null {
  if (node.specifiers.some((each) => each.type !== "ImportSpecifier")) return null;
  return node.specifiers.flatMap((each) =>
    each.type === "ImportSpecifier" ? [nameOf(each.imported)] : []
  );
}

function isTypeSpecifier(node: Deno.lint.ImportDeclaration["specifiers"][number]): boolean {
  return node.type === "ImportSpecifier" && node.importKind === "type";
}

function nameOf(node: Deno.lint.Node): string {
  if (node.type === "Identifier") return node.name;
  return node.type === "Literal" ? String(node.value) : "";
}

function literalOfType(node: Deno.lint.Node): Deno.lint.Node {
  return node.type === "TSLiteralType" ? node.literal : node;
}

function literalText(node: Deno.lint.Node): string | null {
  return node.type === "Literal" && typeof node.value === "string" ? node.value : null;
}
