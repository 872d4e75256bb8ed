/** How far long work is: a bar with the time left for people, a line now and then for logs. */
import { displayWidth } from "../base/width.ts";
import { cutText } from "./output/cut_text.ts";
import type { ShellPort } from "./port.ts";

export interface ProgressOptions {
  /** Null where nobody knows. */
  readonly total: number | null;
  /** `bytes` are shown as kB and MB. */
  readonly unit: string;
}

const REDRAW_MS = 100;
const LOG_MS = 10_000;
const BAR_COLUMNS_MAX = 24;
const BAR_COLUMNS_MIN = 8;
/** Nothing is shown of work that ends sooner. */
const PATIENCE_MS = 300;
/** An estimate before this share of the work is done would be noise. */
const ESTIMATE_SHARE_MIN = 0.01;

export class Progress {
  readonly #port: Pick<ShellPort, "err" | "time" | "size">;
  readonly #label: string;
  readonly #unit: string;
  readonly #started: number;
  #total: number | null;
  #done = 0;
  /** Done before this run, which says nothing about how fast it goes. */
  #before = 0;
  #drawnAt: number;
  #isDrawn = false;
  #note = "";

  constructor(
    port: Pick<ShellPort, "err" | "time" | "size">,
    label: string,
    { total, unit }: ProgressOptions,
  ) {
    this.#port = port;
    this.#label = label;
    this.#total = total;
    this.#unit = unit;
    this.#started = port.time.now();
    this.#drawnAt = this.#started;
  }

  /** Work that was done earlier. */
  startAt(done: number): void {
    this.#done = done;
    this.#before = done;
  }

  async add(amount: number, note = this.#note): Promise<void> {
    await this.set(this.#done + amount, note);
  }

  async set(done: number, note = this.#note, total = this.#total): Promise<void> {
    this.#done = done;
    this.#note = note;
    this.#total = total;
    const now = this.#port.time.now();
    const { err } = this.#port;
    if (now - this.#started < PATIENCE_MS) return;
    if (now - this.#drawnAt < (err.isTerminal ? REDRAW_MS : LOG_MS)) return;
    this.#drawnAt = now;
    if (!err.isTerminal) return await err.write(`${this.#words(now)}\n`);
    this.#isDrawn = true;
    await err.write(`\r\x1b[K${this.#line(now)}`);
  }

  /** Takes the bar away. */
  async end(): Promise<void> {
    if (!this.#isDrawn) return;
    this.#isDrawn = false;
    await this.#port.err.write("\r\x1b[K");
  }

  /** What fits the terminal: the words, and as much of a bar as there is room for. */
  #line(now: number): string {
    const words = this.#words(now);
    const room = this.#port.size().columns - 1 - displayWidth(words);
    const columns = Math.min(BAR_COLUMNS_MAX, room - 1);
    if (this.#total === null || this.#total === 0 || columns < BAR_COLUMNS_MIN) {
      return cutText(words, this.#port.size().columns - 1);
    }
    const filled = Math.round(Math.min(1, this.#done / this.#total) * columns);
    const rest = this.#port.err.style.dim("░".repeat(columns - filled));
    return `${"█".repeat(filled)}${rest} ${words}`;
  }

  #words(now: number): string {
    const seconds = Math.max(0.001, (now - this.#started) / 1000);
    const speed = (this.#done - this.#before) / seconds;
    const total = this.#total;
    const share = total === null || total === 0 ? null : Math.min(1, this.#done / total);
    const parts = [
      this.#label,
      share === null ? this.#amount(this.#done) : `${Math.floor(share * 100)}%`,
      ...(share === null ? [] : [`${this.#amount(this.#done)} of ${this.#amount(total ?? 0)}`]),
      ...(this.#note === "" ? [] : [this.#note]),
      `${this.#amount(speed)}/s`,
    ];
    if (share !== null && total !== null && share >= ESTIMATE_SHARE_MIN && speed > 0) {
      parts.push(`ETA ${clock((total - this.#done) / speed)}`);
    }
    return parts.join("  ");
  }

  #amount(value: number): string {
    return this.#unit === "bytes" ? bytesWords(value) : `${Math.round(value)} ${this.#unit}`;
  }
}

export function bytesWords(bytes: number): string {
  if (bytes < 1e3) return `${Math.round(bytes)} B`;
  if (bytes < 1e6) return `${(bytes / 1e3).toFixed(1)} kB`;
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(2)} GB`;
}

/** `00:12`, `1:02:33`. */
function clock(seconds: number): string {
  const whole = Math.round(seconds);
  const two = (value: number) => String(value).padStart(2, "0");
  const minutes = `${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
  return whole < 3600 ? minutes : `${Math.floor(whole / 3600)}:${minutes}`;
}
