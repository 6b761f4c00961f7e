/** How long a test asks again before it gives up. */
const DEADLINE_MS = 30_000;

/**
 * Asks a server until it shows what the test waits for, for states that nobody is told of.
 *
 * @throws {Error} After 30 seconds, with what was found last.
 */
export async function waitFor<T>(
  ask: () => Promise<T>,
  isThere: (found: T) => boolean,
): Promise<T> {
  const endsAtMs = performance.now() + DEADLINE_MS;
  for (;;) {
    const found = await ask();
    if (isThere(found)) return found;
    if (performance.now() > endsAtMs) {
      throw new Error(`Waited ${DEADLINE_MS} ms in vain, found ${JSON.stringify(found)}`);
    }
  }
}
