/** Commits, or says that nobody can tell whether it did. */
import { MinisqlError } from "../../protocol/errors.ts";
import type { Channel } from "./channel.ts";
import { ERRNO } from "./faults.ts";

export async function commitOn(channel: Channel): Promise<void> {
  try {
    await channel.command("COMMIT");
  } catch (error) {
    if (!(error instanceof MinisqlError)) throw error;
    const isRefused = error.code === "SQL" && error.errno !== ERRNO.interrupted;
    if (isRefused || error.code === "UNAVAILABLE") throw error;
    channel.destroy("the outcome of a COMMIT on it is not known");
    throw new MinisqlError(
      "OUTCOME_UNKNOWN",
      `Cannot tell whether the transaction was committed: ${error.message}`,
      { cause: error },
    );
  }
}
