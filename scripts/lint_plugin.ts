/** The project's own lint rules, run by `deno lint`: the architecture and the size limits as code. */
import { barrelRule } from "./lint/barrel.ts";
import { layersRule } from "./lint/layers.ts";
import { noAmbientRule } from "./lint/no_ambient.ts";
import { fileLengthRule, functionLengthRule } from "./lint/sizes.ts";

const plugin: Deno.lint.Plugin = {
  name: "minisql",
  rules: {
    "layers": layersRule,
    "no-ambient": noAmbientRule,
    "function-length": functionLengthRule,
    "file-length": fileLengthRule,
    "no-barrel": barrelRule,
  },
};

export default plugin;
