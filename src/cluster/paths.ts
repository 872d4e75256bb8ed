/** Every node's path in the coordination service, in one place. */

export const DEFAULT_ROOT = "/minisql";

export class Paths {
  readonly root: string;

  constructor(root: string = DEFAULT_ROOT) {
    this.root = root;
  }

  /** The election queue. */
  get candidates(): string {
    return `${this.root}/master/candidates`;
  }

  /** Who the active master is; there only while one is. */
  get active(): string {
    return `${this.root}/master/active`;
  }

  /** One ephemeral child for each region server that lives, named by its rid. */
  get servers(): string {
    return `${this.root}/servers`;
  }

  server(rid: number): string {
    return `${this.servers}/${rid}`;
  }

  get regions(): string {
    return `${this.root}/regions`;
  }

  region(name: string): string {
    return `${this.regions}/${name}`;
  }

  get tables(): string {
    return `${this.root}/tables`;
  }

  table(name: string): string {
    return `${this.tables}/${encodeName(name)}`;
  }

  /** The table that a child of `tables` stands for; null where it stands for none. */
  tableOf(child: string): string | null {
    try {
      return decodeURIComponent(child);
    } catch {
      return null;
    }
  }

  /** Nodes that must be there before anything else, parents first. */
  get standing(): readonly string[] {
    return [
      this.root,
      `${this.root}/master`,
      this.candidates,
      this.servers,
      this.regions,
      this.tables,
      `${this.root}/indexes`,
    ];
  }
}

/** MySQL allows names that a path does not. A bare `.` or `..` means something in a path. */
function encodeName(name: string): string {
  return encodeURIComponent(name).replace(/^\.+$/, (dots) => "%2E".repeat(dots.length));
}
