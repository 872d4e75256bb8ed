/** This copy has lost a vote: nothing is answered from it. */
import { MinisqlError } from "../../protocol/errors.ts";
import type { Lost, ReadableReplica } from "../readable.ts";

/** Raised to whoever read from it, so that it looks again and then lets the copy go. */
export class Outvoted extends Error {
  override readonly name = "Outvoted";
  readonly replica: ReadableReplica;
  readonly lost: Lost;

  constructor(replica: ReadableReplica, lost: Lost) {
    super(`the copy of ${lost.table} was outvoted ${lost.votes}: ${lost.reason}`);
    this.replica = replica;
    this.lost = lost;
  }
}

/** Takes the copy out of service, and answers with what its readers are told. */
export function giveUp({ replica, lost }: Outvoted): MinisqlError {
  // Readers at one moment all find out; the first one says so.
  if (replica.refusal() === null) replica.lose(lost);
  return new MinisqlError(
    "DIVERGED",
    `Cannot read table ${lost.table} on server ${replica.rid}: its copy lost a vote ` +
      `${lost.votes} at position ${lost.seq}: ${lost.reason}`,
  );
}
