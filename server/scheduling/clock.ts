/** Time as it is handed in, so that a test can move it by hand. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Calls back once, `delayMs` from now; the answer cancels it. */
  schedule(delayMs: number, callback: () => void): () => void;
}

/** The machine's own clock and timers. */
export function createSystemClock(): Clock {
  return {
    now: () => Date.now(),
    schedule(delayMs, callback) {
      const timer = setTimeout(callback, delayMs);
      return () => clearTimeout(timer);
    },
  };
}
