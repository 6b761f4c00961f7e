import type { RestoredModel, RestoredTraffic, RestorePoint } from "../config/mod.ts";
import { type ModelDescription, toStoreName, type Traffic } from "../models/mod.ts";

/** What a snapshot keeps of the models: what was asked for, not what workers happen to run. */
export type ServerState = Omit<RestorePoint, "file">;

/**
 * The state of the models as they are described now.
 *
 * @param models Every version of every model.
 * @param traffic Of the models that have weights or a shadow.
 */
export function toServerState(
  models: readonly ModelDescription[],
  traffic: ReadonlyMap<string, Traffic>,
): ServerState {
  const weighted = [...traffic].map(([name, { weights, shadow }]): [string, RestoredTraffic] => [
    name,
    { weights, ...shadow === undefined ? {} : { shadow } },
  ]);
  return { models: models.map(toRestoredModel), traffic: Object.fromEntries(weighted) };
}

function toRestoredModel(model: ModelDescription): RestoredModel {
  return {
    modelName: model.modelName,
    modelVersion: model.modelVersion,
    url: toStoreName(model.modelUrl),
    isDefault: model.isDefault,
    minWorkers: model.minWorkers,
    maxWorkers: model.maxWorkers,
    batchSize: model.batchSize,
    maxBatchDelayMs: model.maxBatchDelayMs,
    responseTimeoutMs: model.responseTimeoutMs,
    startupTimeoutMs: model.startupTimeoutMs,
    runtime: model.runtime,
    handler: model.handler,
  };
}
