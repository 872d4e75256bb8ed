/** `minisql/file-length` and `minisql/function-length`: one idea a file, one a function. */
import { sourceFile } from "./source_file.ts";

type Node = Deno.lint.Node;

export const FILE_LINES_MAX = 400;
export const FUNCTION_LINES_MAX = 60;
/** A test tells a story from beginning to end. */
export const TEST_LINES_MAX = 100;

export const fileLengthRule: Deno.lint.Rule = {
  create(context) {
    return {
      Program(node) {
        const lines = context.sourceCode.text.replace(/\n$/, "").split("\n").length;
        if (lines <= FILE_LINES_MAX) return;
        context.report({
          range: [node.range[0], node.range[0]],
          message: `This file has ${lines} lines: split it so that each holds one idea and at ` +
            `most ${FILE_LINES_MAX} lines`,
        });
      },
    };
  },
};

export const functionLengthRule: Deno.lint.Rule = {
  create(context) {
    const file = sourceFile(context.filename);
    const mayRegisterTests = file.isTest || file.path.startsWith("tests/");
    const registrars = new Set<number>();
    const check = (node: Node) => {
      if (registrars.has(node.range[0])) return;
      const limit = isTestBody(node) ? TEST_LINES_MAX : FUNCTION_LINES_MAX;
      const lines = context.sourceCode.text.slice(...node.range).split("\n").length;
      if (lines <= limit) return;
      const message = `This function has ${lines} lines: split it to at most ${limit}`;
      context.report({ node, message });
    };
    return {
      CallExpression(node) {
        if (!mayRegisterTests || !isTestCall(node)) return;
        const around = context.sourceCode.getAncestors(node).filter(isFunction);
        // A contract suite is a function that only registers tests; the file limit bounds it.
        for (const each of around) registrars.add(each.range[0]);
      },
      "FunctionDeclaration:exit": check,
      "FunctionExpression:exit": check,
      "ArrowFunctionExpression:exit": check,
    };
  },
};

function isFunction(node: Node): boolean {
  return node.type === "FunctionDeclaration" || node.type === "FunctionExpression" ||
    node.type === "ArrowFunctionExpression";
}

/** Whether the function is the body of a test, written as an argument or a property. */
function isTestBody(node: Node): boolean {
  const parent = (node as { parent?: Node }).parent;
  if (parent === undefined) return false;
  if (parent.type === "CallExpression") return isTestCall(parent);
  if (parent.type !== "Property") return false;
  const call = parent.parent.parent as Node;
  return call.type === "CallExpression" && isTestCall(call);
}

/** `Deno.test(…)`, `Deno.test.only(…)`; `test(…)` or `engineTest(…)`, as contract suites have them. */
function isTestCall(node: Deno.lint.CallExpression): boolean {
  let callee: Node = node.callee;
  if (callee.type === "Identifier") return /^(test|[a-z]\w*Test)$/.test(callee.name);
  while (callee.type === "MemberExpression") {
    const object: Node = callee.object;
    const property: Node = callee.property;
    if (object.type === "Identifier" && object.name === "Deno") {
      return property.type === "Identifier" && property.name === "test";
    }
    callee = object;
  }
  return false;
}
