import { createLog } from "./logging/mod.ts";
import type { PoolEvents } from "./scheduling/mod.ts";

/** Tells the log what the workers of one model version go through. */
export function createWorkerLog(modelName: string, modelVersion: string): PoolEvents {
  const log = createLog("workers");
  const model = { model: modelName, version: modelVersion };
  return {
    onWorkerReady: (worker) =>
      log.info("Worker is ready", {
        ...model,
        worker: worker.id,
        provider: worker.executionProvider,
        gpu: worker.gpuId ?? undefined,
      }),
    onWorkerFailure: (worker, { message, file, line, stack }) =>
      log.error("Worker failed", {
        ...model,
        worker: worker.id,
        reason: message,
        file,
        line,
        stack,
      }),
    onWorkerLog: (worker, { source, level, message }) => {
      const title = source === "handler" ? "Handler says" : "Worker says";
      const fields = { ...model, worker: worker.id, text: message };
      if (level === "error") log.error(title, fields);
      else if (level === "warning") log.warn(title, fields);
      else if (level === "info") log.info(title, fields);
    },
    onBatchDone: (worker, { result: { error } }) => {
      if (error === undefined || (error.handlerStatus ?? 500) < 500) return;
      const { message, file, line, stack } = error.failure ?? { message: error.message };
      const fields = { answer: error.message, reason: message, file, line, stack };
      log.error("Batch failed", { ...model, worker: worker.id, ...fields });
    },
  };
}
