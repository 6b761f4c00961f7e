import type { LogConfig } from "./config/mod.ts";
import { configureLogging, createLog, LogFiles, resetLogging } from "./logging/mod.ts";

export interface OpenProcessLogOptions {
  readonly logs: LogConfig;
  /** Whether people read the console: then its form is text unless the config says otherwise. */
  readonly isTerminal: boolean;
  /** The console; receives whole lines. */
  readonly write: (text: string) => void;
}

/**
 * The logs of a server's process, from its start to its end: the console at once, then the log files.
 *
 * Folders that cannot be made or written are told on the console, and the server goes on without them. What
 * was gathered is written when the answer is disposed of, and when an error that nobody catches ends the
 * process.
 */
export async function openProcessLog(options: OpenProcessLogOptions): Promise<AsyncDisposable> {
  const { logs, isTerminal, write } = options;
  const console = { form: logs.form ?? (isTerminal ? "text" : "json"), isTerminal, write } as const;
  configureLogging(console);
  const log = createLog("logging");
  const files = await LogFiles.open({
    dir: logs.dir,
    metricsDir: logs.metricsDir,
    onTrouble: (message, fields) => log.warn(message, { ...fields }),
  });
  configureLogging({ ...console, files });

  const keep = (error: unknown): void => {
    createLog("server").error("The server ends, an error was not caught", { error });
    files.flushSync();
  };
  const onError = (event: ErrorEvent): void => keep(event.error);
  const onRejection = (event: PromiseRejectionEvent): void => {
    if (isCancelledRead(event.reason)) event.preventDefault();
    else keep(event.reason);
  };
  globalThis.addEventListener("error", onError);
  globalThis.addEventListener("unhandledrejection", onRejection);
  return {
    async [Symbol.asyncDispose]() {
      globalThis.removeEventListener("error", onError);
      globalThis.removeEventListener("unhandledrejection", onRejection);
      resetLogging();
      await files.close();
    },
  };
}

/**
 * Whether an error is only a read that the runtime's own code began and whose response was then closed.
 *
 * Deno 2.6 rejects a promise of `node:http` that nobody can catch when a response is destroyed before its
 * next bytes came; 2.9 does not.
 */
function isCancelledRead(error: unknown): boolean {
  return error instanceof Deno.errors.Interrupted;
}
