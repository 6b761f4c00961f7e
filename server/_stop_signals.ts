/** How a shell counts a process that a signal ended: 128 and the signal's number. */
const EXIT_CODE_BY_SIGNAL = { SIGINT: 130, SIGBREAK: 149, SIGTERM: 143 } as const;

type StopSignal = keyof typeof EXIT_CODE_BY_SIGNAL;

/** What the operator's signals ask for. */
export interface StopSignals extends Disposable {
  /** Resolves at the first signal. */
  readonly stopAsked: Promise<void>;
  /** Resolves at the second one, with the exit code that it stands for. */
  readonly exitAsked: Promise<number>;
  /**
   * Counts a signal that another process has received for this one. A terminal or a supervisor may have
   * signalled both: the first that comes by either way is one and the same.
   */
  receive(signal: Deno.Signal): void;
}

/** Listens for SIGTERM and SIGINT (SIGBREAK on Windows) until it is disposed of. */
export function watchStopSignals(): StopSignals {
  const stopAsked = Promise.withResolvers<void>();
  const exitAsked = Promise.withResolvers<number>();
  const count = { own: 0, handed: 0 };
  const signals: readonly StopSignal[] = Deno.build.os === "windows"
    ? ["SIGINT", "SIGBREAK"]
    : ["SIGINT", "SIGTERM"];
  const add = (way: keyof typeof count, signal: StopSignal): void => {
    count[way]++;
    stopAsked.resolve();
    if (count[way] > 1) exitAsked.resolve(EXIT_CODE_BY_SIGNAL[signal]);
  };
  const listeners = signals.map((signal) => {
    const listener = (): void => add("own", signal);
    Deno.addSignalListener(signal, listener);
    return { signal, listener };
  });
  return {
    stopAsked: stopAsked.promise,
    exitAsked: exitAsked.promise,
    receive(signal) {
      const known = signals.find((name) => name === signal);
      if (known !== undefined) add("handed", known);
    },
    [Symbol.dispose]() {
      for (const { signal, listener } of listeners) Deno.removeSignalListener(signal, listener);
    },
  };
}
