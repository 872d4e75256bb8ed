/** The coordination service's tree in a file, for a cluster whose data is kept. */
import type { Keeping } from "../../adapters/memory_coordinator/service.ts";
import type { SavedTree } from "../../adapters/memory_coordinator/node_tree.ts";
import { array, integer, object, text } from "../../base/shape.ts";
import { readNode } from "../../cluster/nodes.ts";
import { MinisqlError } from "../../protocol/errors.ts";

const savedShape = object({
  created: integer(0),
  nodes: array(object({
    path: text({ min: 1 }),
    data: text(),
    version: integer(0),
    created: text(),
    sequence: integer(0),
  })),
});

/** Goes on from the file where there is one. Changes are rare and the tree is small. */
export function keptTree(path: string): Keeping {
  const saved = read(path);
  const save = (tree: SavedTree) => {
    const temporary = `${path}.tmp`;
    Deno.writeTextFileSync(temporary, JSON.stringify(tree));
    Deno.renameSync(temporary, path);
  };
  return { saved, save };
}

function read(path: string): SavedTree | null {
  let content: string;
  try {
    content = Deno.readTextFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
  const reading = readNode(savedShape, content, path);
  if (!reading.ok) throw new MinisqlError("UNAVAILABLE", reading.why);
  return reading.value;
}
