/** Time as it is handed in, so that a test can move it by hand. */
export interface Clock {
  /** Milliseconds since the epoch, and parts of them. */
  now(): number;
  /** Calls back once, `delayMs` from now; the answer cancels it. */
  schedule(delayMs: number, callback: () => void): () => void;
}

/** The longest wait of a runtime's timer, 24.8 days: it takes more for none at all. */
const MAX_DELAY_MS = 0x7fff_ffff;

/** How often the fine clock is held against the machine's, and by how much they may differ. */
const ANCHOR_INTERVAL_MS = 1_000;
const MAX_DRIFT_MS = 2;

/**
 * The machine's own clock and timers; a delay of more than 24.8 days is one of 24.8 days.
 *
 * Its time has fractions of milliseconds: small models answer within one. It follows the machine's when
 * that is set, or has slept.
 */
export function createSystemClock(): Clock {
  let offsetMs = performance.timeOrigin;
  let anchoredUntilMs = -Infinity;
  return {
    now() {
      const fineMs = performance.now();
      if (fineMs > anchoredUntilMs) {
        anchoredUntilMs = fineMs + ANCHOR_INTERVAL_MS;
        const driftMs = Date.now() - fineMs - offsetMs;
        if (Math.abs(driftMs) > MAX_DRIFT_MS) offsetMs += driftMs;
      }
      return fineMs + offsetMs;
    },
    schedule(delayMs, callback) {
      const timer = setTimeout(callback, Math.min(delayMs, MAX_DELAY_MS));
      return () => clearTimeout(timer);
    },
  };
}
