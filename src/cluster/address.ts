/** Addresses as people write them. */
import type { Address } from "../ports/network.ts";

/** `host:port`, `[::1]:port`; a host alone where there is a default port; null for anything else. */
export function readAddress(text: string, defaultPort?: number, lowest = 1): Address | null {
  const match = /^(?:\[([0-9A-Fa-f:.%\w]+)\]|([^\s:[\]/@,]+))(?::(\d{1,5}))?$/.exec(text);
  if (match === null) return null;
  const [, v6, name, port] = match;
  const number = port === undefined ? defaultPort : Number(port);
  if (number === undefined || number < lowest || number > 65_535) return null;
  return { host: v6 ?? name ?? "", port: number };
}

export function formatAddress({ host, port }: Address): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
