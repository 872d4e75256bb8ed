/** Tells the uses of global names apart from local bindings of the same name. */

type Node = Deno.lint.Node;
type Range = Deno.lint.Range;

interface Binding {
  readonly name: string;
  /** Where the name means the binding. */
  readonly scope: Range;
}

const FUNCTIONS = new Set<string>([
  "FunctionDeclaration",
  "FunctionExpression",
  "ArrowFunctionExpression",
  "TSDeclareFunction",
  "TSEmptyBodyFunctionExpression",
]);

const SCOPES = new Set<string>([
  ...FUNCTIONS,
  "Program",
  "BlockStatement",
  "StaticBlock",
  "SwitchStatement",
  "ForStatement",
  "ForInStatement",
  "ForOfStatement",
  "CatchClause",
  "ClassExpression",
  "TSModuleBlock",
]);

/** Steps of a destructuring pattern, between a name and what declares it. */
const PATTERNS = new Set<string>([
  "ObjectPattern",
  "ArrayPattern",
  "RestElement",
  "TSParameterProperty",
]);

const IMPORTS = new Set<string>([
  "ImportSpecifier",
  "ImportDefaultSpecifier",
  "ImportNamespaceSpecifier",
]);

/** Nodes with an `id` that is a new name. */
const NAMED = new Set<string>([
  "VariableDeclarator",
  "FunctionDeclaration",
  "FunctionExpression",
  "ClassDeclaration",
  "ClassExpression",
  "TSEnumDeclaration",
  "TSModuleDeclaration",
  "TSImportEqualsDeclaration",
]);

/** TypeScript nodes that hold an expression; every other `TS…` parent makes a name a type. */
const VALUE_WRAPPERS = new Set<string>([
  "TSAsExpression",
  "TSSatisfiesExpression",
  "TSNonNullExpression",
  "TSTypeAssertion",
  "TSInstantiationExpression",
  "TSEnumMember",
  "TSExportAssignment",
]);

/** The binding that this identifier declares, or null. */
export function bindingOf(node: Deno.lint.Identifier): Binding | null {
  let child: Node = node;
  let parent: Node | null = parentOf(node);
  while (parent !== null && isPatternStep(parent, child)) {
    child = parent;
    parent = parentOf(parent);
  }
  if (parent === null || !declares(parent, child)) return null;
  const scope = FUNCTIONS.has(parent.type) && isOneOf(fieldsOf(parent)["params"], child)
    ? parent.range
    : scopeAround(parent);
  return { name: node.name, scope };
}

/** Whether the identifier stands for a value that is looked up by its name. */
export function isLookup(node: Deno.lint.Identifier): boolean {
  const parent = parentOf(node);
  if (parent === null) return false;
  const fields = fieldsOf(parent);
  switch (parent.type as string) {
    case "MemberExpression":
      return fields["computed"] === true || isSame(fields["object"], node);
    case "Property":
      return fields["computed"] === true || isSame(fields["value"], node);
    case "MethodDefinition":
    case "PropertyDefinition":
    case "AccessorProperty":
      return fields["computed"] === true || isSame(fields["value"], node);
    case "ExportSpecifier":
      return isSame(fields["local"], node);
    case "ImportSpecifier":
    case "ImportAttribute":
    case "MetaProperty":
    case "LabeledStatement":
    case "BreakStatement":
    case "ContinueStatement":
      return false;
    case "TSEnumMember":
      return isSame(fields["initializer"], node);
    default:
      return !parent.type.startsWith("TS") || VALUE_WRAPPERS.has(parent.type);
  }
}

/** Whether a local binding covers the place. */
export function isShadowed(
  bindings: readonly Binding[],
  name: string,
  [start, end]: Range,
): boolean {
  return bindings.some((each) =>
    each.name === name && each.scope[0] <= start && end <= each.scope[1]
  );
}

function isPatternStep(parent: Node, child: Node): boolean {
  if (PATTERNS.has(parent.type)) return true;
  const fields = fieldsOf(parent);
  if (parent.type === "AssignmentPattern") return isSame(fields["left"], child);
  return parent.type === "Property" && isSame(fields["value"], child) &&
    parentOf(parent)?.type === "ObjectPattern";
}

function declares(parent: Node, child: Node): boolean {
  const fields = fieldsOf(parent);
  if (IMPORTS.has(parent.type)) return isSame(fields["local"], child);
  if (NAMED.has(parent.type) && isSame(fields["id"], child)) return true;
  if (FUNCTIONS.has(parent.type)) return isOneOf(fields["params"], child);
  return parent.type === "CatchClause" && isSame(fields["param"], child);
}

function scopeAround(node: Node): Range {
  let at = node;
  for (let up = startOfScope(node); up !== null; up = parentOf(up)) {
    at = up;
    if (SCOPES.has(up.type)) break;
  }
  return at.type === "Program" ? [0, Number.MAX_SAFE_INTEGER] : at.range;
}

/** A function or class declaration names itself outside; an expression or catch clause inside. */
function startOfScope(node: Node): Node | null {
  return node.type.endsWith("Expression") || node.type === "CatchClause" ? node : parentOf(node);
}

function parentOf(node: Node): Node | null {
  return (fieldsOf(node)["parent"] ?? null) as Node | null;
}

function fieldsOf(node: Node): Readonly<Record<string, unknown>> {
  return node as unknown as Readonly<Record<string, unknown>>;
}

function isOneOf(list: unknown, node: Node): boolean {
  return Array.isArray(list) && list.some((each) => isSame(each, node));
}

/** The linter makes node objects as they are asked for: equal ranges and types are the same node. */
function isSame(value: unknown, node: Node): boolean {
  if (typeof value !== "object" || value === null) return false;
  const other = value as Node;
  return other.type === node.type && other.range[0] === node.range[0] &&
    other.range[1] === node.range[1];
}
