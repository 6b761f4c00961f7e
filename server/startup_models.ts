import type { StartupModel } from "./config/mod.ts";
import { ServeError } from "./errors.ts";
import { createLog } from "./logging/mod.ts";
import type { ModelRegistry, ModelStore, RegisterOutcome } from "./models/mod.ts";

export interface LoadStartupModelsOptions {
  readonly registry: ModelRegistry;
  readonly store: ModelStore;
  /** `"all"` is every archive and folder of the store. */
  readonly models: readonly StartupModel[] | "all";
}

/**
 * Registers the models that the operator named, all at once, and answers when each is unpacked; their
 * workers may still be starting then.
 *
 * A model that cannot be loaded is told to the log and left out. Of several versions of one name, the
 * one named first becomes the default, whichever was unpacked first.
 */
export async function loadStartupModels(options: LoadStartupModelsOptions): Promise<void> {
  const { registry, store } = options;
  const models = options.models === "all"
    ? (await store.listArchives()).map((url) => ({ url }))
    : options.models;
  const outcomes = await Promise.all(models.map((model) => loadModel(registry, model)));
  const firstVersions = new Map<string, string>();
  for (const outcome of outcomes) {
    if (outcome === undefined || firstVersions.has(outcome.modelName)) continue;
    firstVersions.set(outcome.modelName, outcome.modelVersion);
  }
  for (const [modelName, modelVersion] of firstVersions) {
    registry.setDefault(modelName, modelVersion);
  }
}

async function loadModel(
  registry: ModelRegistry,
  model: StartupModel,
): Promise<RegisterOutcome | undefined> {
  const log = createLog("models");
  const { modelName, url } = model;
  try {
    const outcome = await registry.register({
      url,
      modelName,
      isSynchronous: false,
      isAtStartup: true,
    });
    const { modelVersion: version, workers } = outcome;
    log.info("Model is registered", { model: outcome.modelName, version, url, workers });
    return outcome;
  } catch (error) {
    const isExpected = error instanceof ServeError;
    log.error("Failed to load model", {
      model: modelName ?? url,
      url,
      reason: isExpected ? error.message : undefined,
      error: isExpected ? error.cause : error,
    });
    return undefined;
  }
}
