/** Where the servers of an ensemble are, and the node that stands for the root: `a:2181,b/x`. */
import { MinisqlError } from "../../protocol/errors.ts";

const DEFAULT_PORT = 2181;
const PORT_MAX = 65_535;

export interface ServerAddress {
  readonly host: string;
  readonly port: number;
}

export interface ConnectString {
  readonly servers: readonly ServerAddress[];
  /** Put before every path: empty, or a path without an end slash. */
  readonly root: string;
}

/** Addresses of IPv6 are in brackets. */
const SERVER = /^(?:\[([^\]]+)\]|([^:\[\]]+))(?::([0-9]{1,5}))?$/;

export function parseConnectString(text: string): ConnectString {
  const slash = text.indexOf("/");
  const list = slash < 0 ? text : text.slice(0, slash);
  const root = slash < 0 ? "" : text.slice(slash).replace(/\/$/, "");
  if (root.includes("//")) throw unusable(text, "its root has an empty name");
  const servers = list.split(",").map((each) => each.trim()).filter((each) => each !== "");
  if (servers.length === 0) throw unusable(text, "it names no server");
  return { servers: servers.map((each) => parseServer(text, each)), root };
}

function parseServer(text: string, server: string): ServerAddress {
  const match = SERVER.exec(server);
  const port = Number(match?.[3] ?? DEFAULT_PORT);
  const host = match?.[1] ?? match?.[2];
  if (host === undefined) throw unusable(text, `"${server}" is not host:port`);
  if (port < 1 || port > PORT_MAX) throw unusable(text, `${port} is not a port`);
  return { host, port };
}

function unusable(text: string, why: string): MinisqlError {
  return new MinisqlError("BAD_REQUEST", `Cannot use the ZooKeeper servers "${text}": ${why}`);
}
