/** How a shell counts a process that a signal ended: 128 and the signal's number. */
const EXIT_CODE_BY_SIGNAL = { SIGINT: 130, SIGBREAK: 149, SIGTERM: 143 } as const;

type StopSignal = keyof typeof EXIT_CODE_BY_SIGNAL;

/** What the operator's signals ask for. */
export interface StopSignals extends Disposable {
  /** Resolves at the first signal. */
  readonly stopAsked: Promise<void>;
  /** Resolves at the second one, with the exit code that it stands for. */
  readonly exitAsked: Promise<number>;
}

/** Listens for SIGTERM and SIGINT (SIGBREAK on Windows) until it is disposed of. */
export function watchStopSignals(): StopSignals {
  const stopAsked = Promise.withResolvers<void>();
  const exitAsked = Promise.withResolvers<number>();
  let count = 0;
  const signals: readonly StopSignal[] = Deno.build.os === "windows"
    ? ["SIGINT", "SIGBREAK"]
    : ["SIGINT", "SIGTERM"];
  const listeners = signals.map((signal) => {
    const listener = (): void => {
      count++;
      if (count === 1) stopAsked.resolve();
      else exitAsked.resolve(EXIT_CODE_BY_SIGNAL[signal]);
    };
    Deno.addSignalListener(signal, listener);
    return { signal, listener };
  });
  return {
    stopAsked: stopAsked.promise,
    exitAsked: exitAsked.promise,
    [Symbol.dispose]() {
      for (const { signal, listener } of listeners) Deno.removeSignalListener(signal, listener);
    },
  };
}
