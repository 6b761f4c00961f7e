import { createLog, type Log, MODEL_PART } from "./logging/mod.ts";
import type { PoolEvents, WorkerFailureKind } from "./scheduling/mod.ts";

const MS_PER_SECOND = 1000;

/** What TorchServe's log says then; scripts look for these texts. */
const EVENT_BY_KIND: Readonly<Record<WorkerFailureKind, string>> = {
  load: "Backend worker error",
  startup_timeout: "Backend worker did not respond in given time",
  response_timeout: "Backend worker did not respond in given time",
  died: "Worker disconnected",
  disconnected: "Worker disconnected",
};

/**
 * Tells the log what the workers of one model version go through.
 *
 * What a handler prints goes to the model's log, the rest to the server's; the ids of the requests that
 * were being answered stand in each line.
 */
export function createWorkerLog(modelName: string, modelVersion: string): PoolEvents {
  const log = createLog("workers");
  const modelLog = createLog(MODEL_PART);
  const fieldsOf = ({ id }: { readonly id: string }) => ({
    model: modelName,
    version: modelVersion,
    worker: id,
  });
  return {
    onWorkerReady: (worker, loadMs) =>
      log.info("Worker is ready", {
        ...fieldsOf(worker),
        provider: worker.executionProvider,
        gpu: worker.gpuId ?? undefined,
        loadMs: Math.round(loadMs),
      }),
    onWorkerFailure: (worker, { message, file, line, stack }, kind) => {
      const fields = fieldsOf(worker);
      const event = EVENT_BY_KIND[kind];
      log.error("Worker failed", { ...fields, event, reason: message, file, line, stack });
      // A worker is started again after the first answer that it owes.
      if (kind === "response_timeout") {
        log.info("Number or consecutive unsuccessful inference 1", fields);
      }
    },
    onWorkerRetry: (worker, delayMs, { startedAtMs, failures }) => {
      const fields = fieldsOf(worker);
      if (failures === 1) {
        log.info(`Auto recovery start timestamp: ${Math.round(startedAtMs)}`, fields);
      } else log.warn("Auto recovery failed again", { ...fields, failures });
      log.info(
        `Retry worker: ${worker.id} in ${Math.round(delayMs) / MS_PER_SECOND} seconds.`,
        fields,
      );
    },
    onWorkerRecovered: (worker, { startedAtMs, failures }) =>
      log.info("Auto recovery succeeded, reset recoveryStartTS", {
        ...fieldsOf(worker),
        startedAtMs: Math.round(startedAtMs),
        failures,
      }),
    onWorkerGivenUp: (worker, { failures }) =>
      log.error("Worker is not started again, its model has no way back", {
        ...fieldsOf(worker),
        failures,
      }),
    onScaling: ({ from, to, reason }) =>
      log.info("Number of workers changes", {
        model: modelName,
        version: modelVersion,
        from,
        to,
        reason,
      }),
    onWorkerLog: (worker, { source, level, message, requestIds }) => {
      const title = source === "handler" ? "Handler says" : "Worker says";
      writeAt(level, modelLog, title, {
        ...fieldsOf(worker),
        requestId: requestIds?.join(","),
        text: message,
      });
    },
    onBatchDone: (worker, { requests, result: { error } }) => {
      if (error === undefined || (error.handlerStatus ?? 500) < 500) return;
      const { message, file, line, stack } = error.failure ?? { message: error.message };
      log.error("Batch failed", {
        ...fieldsOf(worker),
        requestId: requests.map(({ call }) => call.requestId).join(","),
        answer: error.message,
        reason: message,
        file,
        line,
        stack,
      });
    },
  };
}

/** `debug` is for authors, who run their handlers themselves. */
function writeAt(
  level: "debug" | "info" | "warning" | "error",
  log: Log,
  title: string,
  fields: Readonly<Record<string, unknown>>,
): void {
  if (level === "error") log.error(title, fields);
  else if (level === "warning") log.warn(title, fields);
  else if (level === "info") log.info(title, fields);
}
