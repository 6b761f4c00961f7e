import type { RestoredModel } from "../../../server/config/mod.ts";
import type { ModelDescription } from "../../../server/models/mod.ts";
import { toServerState } from "../../../server/snapshots/mod.ts";

/** One version of `noop`, with what the test wants different. */
export function createDescription(over: Partial<ModelDescription>): ModelDescription {
  const description = {
    modelName: "noop",
    modelVersion: "1.0",
    modelUrl: "noop.mar",
    runtime: "python",
    isDefault: true,
    minWorkers: 1,
    maxWorkers: 1,
    batchSize: 1,
    maxBatchDelayMs: 100,
    responseTimeoutMs: 99_000,
    startupTimeoutMs: 120_000,
    loadedAtStartup: true,
    workers: [],
    ...over,
  };
  // What snapshots do not look at is left out.
  return description as unknown as ModelDescription;
}

export function createRestored(over: Partial<RestoredModel>): RestoredModel {
  return { ...toServerState([createDescription({})], new Map()).models[0]!, ...over };
}
