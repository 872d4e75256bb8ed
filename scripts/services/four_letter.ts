/** Asking a ZooKeeper server how it is, by its four-letter commands. */

/**
 * A server that is just starting may accept a connection and never answer on it, so that each
 * question has a short limit and is asked again on a new connection.
 */
const ANSWER_LIMIT_MS = 500;

/** The answer, or "" from a server that cannot be reached or stays silent. */
export async function ask(port: number, word: "ruok" | "srvr"): Promise<string> {
  try {
    const connection = await Deno.connect({ hostname: "127.0.0.1", port });
    const limit = setTimeout(() => close(connection), ANSWER_LIMIT_MS);
    try {
      await connection.write(new TextEncoder().encode(word));
      return await readToEnd(connection);
    } finally {
      clearTimeout(limit);
      close(connection);
    }
  } catch {
    return "";
  }
}

/** Its place in the ensemble (`standalone`, `leader`, `follower`), or null while it serves nobody. */
export async function modeOf(port: number): Promise<string | null> {
  return /^Mode: (\w+)$/m.exec(await ask(port, "srvr"))?.[1] ?? null;
}

async function readToEnd(connection: Deno.Conn): Promise<string> {
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(4_096);
  let text = "";
  for (;;) {
    const count = await connection.read(buffer);
    if (count === null) return text;
    text += decoder.decode(buffer.subarray(0, count), { stream: true });
  }
}

function close(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch {
    // The limit and the end of the answer may meet: it is closed already.
  }
}
