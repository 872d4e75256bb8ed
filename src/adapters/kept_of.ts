/** Fingerprints for engines that have them at hand. */
import type { EngineSession, Fingerprint } from "../ports/engine.ts";

export async function keptOf(
  session: Pick<EngineSession, "fingerprint">,
  tables: readonly string[],
): Promise<readonly (Fingerprint | null)[]> {
  const found: (Fingerprint | null)[] = [];
  for (const table of tables) found.push(await session.fingerprint(table));
  return found;
}
