/** `minisql/layers`: which part of the source may import which. */
import { type ModuleUse, moduleUses } from "./imports.ts";
import { layerOf, resolveImport, type SourceFile, sourceFile } from "./source_file.ts";

interface Layer {
  /** What it is, as the message says it. */
  readonly is: string;
  /** The other layers it may import. A layer may always import itself. */
  readonly imports: readonly string[];
}

const FOUNDATION = ["base", "protocol", "ports", "rpc", "sql", "cluster"];

/** The architecture. Arrows only point to layers named earlier, but for adapters, sim and cli. */
export const LAYERS: Readonly<Record<string, Layer>> = {
  base: { is: "knows nothing of minisql", imports: [] },
  protocol: { is: "is what crosses the wire, pure", imports: ["base"] },
  ports: { is: "is interfaces to the world only", imports: ["base", "protocol"] },
  rpc: { is: "makes calls over a link", imports: ["base", "protocol", "ports"] },
  sql: { is: "is the pure SQL lexer, splitter and guard", imports: ["base", "protocol"] },
  cluster: {
    is: "is the vocabulary shared by all roles",
    imports: ["base", "protocol", "ports", "rpc"],
  },
  region: { is: "is the region server; it meets other roles on the wire", imports: FOUNDATION },
  master: { is: "is the control plane; it meets other roles on the wire", imports: FOUNDATION },
  client: { is: "is the client library; it meets the roles on the wire", imports: FOUNDATION },
  library: {
    is: "is the client library on the real world, as applications import it",
    imports: [...FOUNDATION, "client", "adapters"],
  },
  shell: {
    is: "is a face on the client library and what that exposes",
    imports: ["base", "protocol", "client"],
  },
  console: {
    is: "is a face on the client library and what that exposes",
    imports: ["base", "protocol", "client"],
  },
  adapters: {
    is: "is the world behind the ports, and knows no role",
    imports: ["base", "protocol", "ports", "sql"],
  },
  sim: {
    is: "runs the real roles in a made-up world",
    imports: [...FOUNDATION, "region", "master", "client", "shell", "console", "adapters"],
  },
  cli: {
    is: "is where roles meet adapters",
    imports: [...FOUNDATION, "region", "master", "client", "shell", "console", "adapters"],
  },
  mod: { is: "names what applications may use", imports: [...FOUNDATION, "client", "library"] },
  main: { is: "only hands argv to the command line", imports: ["cli"] },
};

/** Adapters that touch nothing outside the process; the simulator may stand on these alone. */
const SELF_CONTAINED_ADAPTERS = /^src\/adapters\/(memory|sqlite|seeded|virtual)[_/.]/;

export const layersRule: Deno.lint.Rule = {
  create(context) {
    const file = sourceFile(context.filename);
    if (file.layer === null || file.isTest) return {};
    return moduleUses((use) => {
      const message = fault(file, use);
      if (message !== null) context.report({ node: use.node, message });
    });
  },
};

function fault(file: SourceFile, use: ModuleUse): string | null {
  const from = file.layer ?? "";
  const layer = LAYERS[from];
  if (layer === undefined) {
    return `src/${from} is in no layer: name it in the table of scripts/lint/layers.ts`;
  }
  if (use.specifier === null) {
    return "Import a module by its literal name: a computed one cannot be checked";
  }
  const target = resolveImport(file.path, use.specifier);
  if (target === null) return null;
  if (/^(scripts|tests)\//.test(target) || target.endsWith("_test.ts")) {
    return `${from} may not import ${target}: only tests and scripts may`;
  }
  const to = layerOf(target);
  if (to === null || to === from) return null;
  if (!layer.imports.includes(to)) return notAllowed(from, to);
  return from === "sim" && to === "adapters" && !SELF_CONTAINED_ADAPTERS.test(target)
    ? `sim may not import ${target}: it stands on adapters that stay inside the process only`
    : null;
}

function notAllowed(from: string, to: string): string {
  const { is, imports } = LAYERS[from] ?? { is: "", imports: [] };
  const allowed = imports.length === 0 ? "nothing else" : `only ${imports.join(", ")}`;
  return `${from} may not import ${to}: it ${is} and imports ${allowed}`;
}
