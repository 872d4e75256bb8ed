/** `minisql/no-barrel`: a file is imported for what it holds, never for what it passes on. */
import { sourceFile } from "./source_file.ts";

type Statement = Deno.lint.Program["body"][number];

export const barrelRule: Deno.lint.Rule = {
  create(context) {
    const file = sourceFile(context.filename);
    if (!/^(src|scripts|tests)\//.test(file.path)) return {};
    return {
      Program(node) {
        if (/(^|\/)(mod|index)\.ts$/.test(file.path)) {
          context.report({
            range: [node.range[0], node.range[0]],
            message: "Name the file after what it holds: mod.ts and index.ts are barrels",
          });
        }
        if (node.body.some(isReExport) && node.body.every(passesOn)) {
          context.report({ node, message: "Import the file you mean: this one only passes on" });
        }
      },
      ExportAllDeclaration(node) {
        context.report({ node, message: "Import the file you mean instead of export *" });
      },
    };
  },
};

function isReExport(statement: Statement): boolean {
  return statement.type === "ExportAllDeclaration" ||
    statement.type === "ExportNamedDeclaration" && !statement.declaration;
}

function passesOn(statement: Statement): boolean {
  return statement.type === "ImportDeclaration" || isReExport(statement);
}
