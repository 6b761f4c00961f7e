/** Time as it is handed in, so that a test can move it by hand. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Calls back once, `delayMs` from now; the answer cancels it. */
  schedule(delayMs: number, callback: () => void): () => void;
}

/** The longest wait of a runtime's timer, 24.8 days: it takes more for none at all. */
const MAX_DELAY_MS = 0x7fff_ffff;

/** The machine's own clock and timers; a delay of more than 24.8 days is one of 24.8 days. */
export function createSystemClock(): Clock {
  return {
    now: () => Date.now(),
    schedule(delayMs, callback) {
      const timer = setTimeout(callback, Math.min(delayMs, MAX_DELAY_MS));
      return () => clearTimeout(timer);
    },
  };
}
