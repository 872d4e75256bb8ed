/** Whether the cluster is well, as the prompt shows it: asked for beside other work, never waited for. */
import type { Client } from "../client/api.ts";
import type { ShellPort } from "./port.ts";

type Address = { readonly host: string; readonly port: number };

/** What was heard stays news for so long. */
const FRESH_MS = 5000;
const LIMIT_MS = 3000;

export class Health {
  readonly #client: Client;
  readonly #port: ShellPort;
  #askedAt = -Infinity;
  #isWell = true;
  #leader: Address | null = null;

  constructor(client: Client, port: ShellPort) {
    this.#client = client;
    this.#port = port;
  }

  /** As last heard; asks again where that was long ago. */
  get isWell(): boolean {
    const now = this.#port.time.now();
    if (now - this.#askedAt > FRESH_MS) {
      this.#askedAt = now;
      void this.#ask();
    }
    return this.#isWell;
  }

  /** Where the master that leads was last heard; null while none was. */
  get leader(): Address | null {
    return this.#leader;
  }

  async #ask(): Promise<void> {
    const options = { timeoutMs: LIMIT_MS, signal: this.#port.stop };
    try {
      const { verdict, master } = await this.#client.admin.master("status", {}, options);
      this.#isWell = verdict.healthy;
      this.#leader = master;
    } catch {
      // No master answers: that is not well either.
      this.#isWell = false;
    }
  }
}
