/** A tree of versioned nodes, as the coordination service keeps it. Pure: no time, no sessions. */
import type { CoordinatorErrorCode, NodeMode, NodeValue } from "../../ports/coordinator.ts";
import type { WatchKind } from "../coordinator/transport.ts";

/** Ten digits, as ZooKeeper has them. */
const SEQUENCE_DIGITS = 10;
const CREATED_DIGITS = 16;

/** Something that a watch may be waiting for. */
export interface Change {
  readonly kind: WatchKind;
  readonly path: string;
}

/** Raised where the tree does not allow what was asked; the caller knows the words. */
export class TreeFault extends Error {
  override readonly name = "TreeFault";
  readonly code: CoordinatorErrorCode;

  constructor(code: CoordinatorErrorCode) {
    super(code);
    this.code = code;
  }
}

/** The tree as it was at one moment. */
export interface TreeView {
  get(path: string): NodeValue | null;
  /** Null when the node is not there. */
  children(path: string): readonly string[] | null;
}

/** The nodes that belong to no session, parents first, and how far children were counted. */
export interface SavedTree {
  readonly created: number;
  readonly nodes: readonly SavedNode[];
}

export interface SavedNode {
  readonly path: string;
  readonly data: string;
  readonly version: number;
  readonly created: string;
  readonly sequence: number;
}

interface Folder {
  readonly names: Set<string>;
  /** Counts every child ever created, for the digits of sequential ones. */
  sequence: number;
}

export class NodeTree implements TreeView {
  readonly #nodes = new Map<string, NodeValue>();
  /** One for each node. */
  readonly #folders = new Map<string, Folder>();
  #created = 0;

  constructor(saved: SavedTree | null = null) {
    if (saved === null) this.#add("/", "", null);
    else this.#restore(saved);
  }

  /** What outlives every session, for a tree that goes on from here. */
  save(): SavedTree {
    const nodes = [...this.#nodes].flatMap(([path, { data, version, created, owner }]) => {
      if (owner !== null) return [];
      return [{ path, data, version, created, sequence: this.#folders.get(path)?.sequence ?? 0 }];
    });
    return { created: this.#created, nodes };
  }

  /** A tree that stays as this one is now. */
  copy(): TreeView {
    const copy = new NodeTree();
    for (const [path, node] of this.#nodes) copy.#nodes.set(path, node);
    for (const [path, { names, sequence }] of this.#folders) {
      copy.#folders.set(path, { names: new Set(names), sequence });
    }
    return copy;
  }

  get(path: string): NodeValue | null {
    return this.#nodes.get(path) ?? null;
  }

  children(path: string): readonly string[] | null {
    const folder = this.#folders.get(path);
    return folder === undefined ? null : [...folder.names];
  }

  /** The paths of a session's ephemeral nodes, oldest first. */
  ownedBy(owner: string): readonly string[] {
    return [...this.#nodes].flatMap(([path, node]) => node.owner === owner ? [path] : []);
  }

  /** Creates a node for `owner` and returns its whole path, and what has changed. */
  create(
    node: { readonly path: string; readonly data: string; readonly mode: NodeMode },
    owner: string,
  ): { readonly path: string; readonly changes: readonly Change[] } {
    const parent = parentOf(node.path);
    const folder = this.#folders.get(parent);
    if (folder === undefined) throw new TreeFault("no_node");
    const sequential = node.mode.endsWith("_sequential");
    const digits = String(folder.sequence).padStart(SEQUENCE_DIGITS, "0");
    const path = sequential ? node.path + digits : node.path;
    if (this.#nodes.has(path)) throw new TreeFault("node_exists");
    if (this.#nodes.get(parent)?.owner !== null) throw new TreeFault("ephemeral_parent");
    this.#add(path, node.data, node.mode.startsWith("ephemeral") ? owner : null);
    folder.names.add(nameOf(path));
    folder.sequence++;
    return { path, changes: [{ kind: "node", path }, { kind: "children", path: parent }] };
  }

  set(path: string, data: string, version: number): readonly Change[] {
    const node = this.#at(path, version);
    this.#nodes.set(path, { ...node, data, version: version + 1 });
    return [{ kind: "node", path }];
  }

  delete(path: string, version: number | null): readonly Change[] {
    if (path === "/") throw new TreeFault("refused");
    this.#at(path, version);
    if (this.children(path)?.length !== 0) throw new TreeFault("not_empty");
    const parent = parentOf(path);
    this.#nodes.delete(path);
    this.#folders.delete(path);
    this.#folders.get(parent)?.names.delete(nameOf(path));
    return [
      { kind: "node", path },
      { kind: "children", path },
      { kind: "children", path: parent },
    ];
  }

  #restore({ created, nodes }: SavedTree): void {
    this.#created = created;
    for (const { path, data, version, created, sequence } of nodes) {
      this.#nodes.set(path, { data, version, created, owner: null });
      this.#folders.set(path, { names: new Set(), sequence });
      if (path !== "/") this.#folders.get(parentOf(path))?.names.add(nameOf(path));
    }
  }

  #at(path: string, version: number | null): NodeValue {
    const node = this.#nodes.get(path);
    if (node === undefined) throw new TreeFault("no_node");
    if (version !== null && node.version !== version) throw new TreeFault("bad_version");
    return node;
  }

  #add(path: string, data: string, owner: string | null): void {
    const created = (++this.#created).toString(16).padStart(CREATED_DIGITS, "0");
    this.#nodes.set(path, { data, version: 0, created, owner });
    this.#folders.set(path, { names: new Set(), sequence: 0 });
  }
}

/** Whether a watch on `change`, set while `before` was seen, must fire when `after` is. */
export function differs(change: Change, before: TreeView, after: TreeView): boolean {
  if (change.kind === "node") return before.get(change.path) !== after.get(change.path);
  const [old, now] = [before.children(change.path), after.children(change.path)];
  if (old === null || now === null) return old !== now;
  const known = new Set(old);
  return old.length !== now.length || now.some((name) => !known.has(name));
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(1, path.lastIndexOf("/")));
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
