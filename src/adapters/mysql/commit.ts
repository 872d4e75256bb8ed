/** Commits, or says that nobody can tell whether it did. */
import { MinisqlError } from "../../protocol/errors.ts";
import type { Channel } from "./channel.ts";
import { ERRNO } from "./faults.ts";

/** With the engine's own statements before it: where one of them fails, nothing is committed. */
export async function commitOn(channel: Channel, books: readonly string[]): Promise<void> {
  const { answers, failure } = await channel.commands([...books, "COMMIT"]);
  if (failure === null) return;
  const isCommitReached = answers.length >= books.length;
  const isEnded = failure.errno === ERRNO.interrupted && isCommitReached;
  if (failure.code === "UNAVAILABLE" || (failure.code === "SQL" && !isEnded)) throw failure;
  channel.destroy("the outcome of a COMMIT on it is not known");
  throw new MinisqlError(
    "OUTCOME_UNKNOWN",
    `Cannot tell whether the transaction was committed: ${failure.message}`,
    { cause: failure },
  );
}
