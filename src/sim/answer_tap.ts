/** Hears what a region server answers to primaries, as it leaves the server. */
import type { Link, Network } from "../ports/network.ts";
import type { Answer, Request } from "../protocol/messages.ts";

/** An answer that was no error. */
export type Answered =
  | {
    readonly op: "follow";
    readonly request: Request<"follow">;
    readonly answer: Answer<"follow">;
  }
  | {
    readonly op: "replicate";
    readonly request: Request<"replicate">;
    readonly answer: Answer<"replicate">;
  };

const CALL = /^\{"id":(\d+),"op":"(follow|replicate)"/;
const ANSWER = /^\{"id":(\d+),"ok":/;

export function tappedNetwork(network: Network, heard: (answered: Answered) => void): Network {
  return {
    dial: (address, timeoutMs, signal) => network.dial(address, timeoutMs, signal),
    listen: (address, accept) => network.listen(address, (link) => accept(tappedLink(link, heard))),
  };
}

function tappedLink(link: Link, heard: (answered: Answered) => void): Link {
  const open = new Map<string, string>();
  return {
    remote: link.remote,
    closed: link.closed,
    get queuedBytes() {
      return link.queuedBytes;
    },
    drained: () => link.drained(),
    close: () => link.close(),
    finish: (graceMs) => link.finish(graceMs),
    async receive() {
      const line = await link.receive();
      const call = typeof line === "string" ? CALL.exec(line) : null;
      if (call !== null) open.set(call[1] ?? "", line as string);
      return line;
    },
    send(line) {
      const id = open.size === 0 ? undefined : ANSWER.exec(line)?.[1];
      const call = id === undefined ? undefined : open.get(id);
      if (id !== undefined && call !== undefined) {
        open.delete(id);
        const request = JSON.parse(call);
        heard({ op: request.op, request, answer: JSON.parse(line).ok } as Answered);
      }
      link.send(line);
    },
  };
}
