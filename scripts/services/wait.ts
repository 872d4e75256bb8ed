/** Waiting for a condition in the world outside, always with a limit. */

const LOOK_EVERY_MS = 15;

export function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Looks until `look` gives true; false when the limit passed first. */
export async function waitUntil(
  limitMs: number,
  look: () => boolean | Promise<boolean>,
): Promise<boolean> {
  const end = performance.now() + limitMs;
  while (!await look()) {
    if (performance.now() > end) return false;
    await delay(LOOK_EVERY_MS);
  }
  return true;
}

/** True when `promise` settles within the limit. */
export async function settlesWithin(limitMs: number, promise: Promise<unknown>): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const limit = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), limitMs);
  });
  try {
    return await Promise.race([promise.then(() => true, () => true), limit]);
  } finally {
    clearTimeout(timer);
  }
}
