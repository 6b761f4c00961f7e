import type { RestoredModel, RestorePoint } from "./config/mod.ts";
import { ServeError } from "./errors.ts";
import { createLog } from "./logging/mod.ts";
import type { ModelRegistry, RegisterRequest } from "./models/mod.ts";
import type { LeftOutModels } from "./snapshots/mod.ts";

export interface RestoreModelsOptions {
  readonly registry: Pick<ModelRegistry, "register" | "setDefault" | "setTraffic">;
  readonly restorePoint: RestorePoint;
  /** Gets what cannot be restored now. */
  readonly leftOut: LeftOutModels;
}

/** The version that each archive holds now, by the version that the snapshot says. */
type VersionsNow = ReadonlyMap<string, string>;

/**
 * Registers the models of a snapshot as they were, all at once, and answers when each is unpacked; their
 * workers may still be starting then.
 *
 * A version that cannot be restored is told to the log and left out, the others are restored. An archive
 * that was replaced meanwhile is registered under the version that it has now, in the place of the old one.
 */
export async function restoreModels(options: RestoreModelsOptions): Promise<void> {
  const { models, file } = options.restorePoint;
  createLog("snapshots").info("Restoring the models of a snapshot", {
    file,
    models: models.length,
  });
  const versionsByName = Map.groupBy(models, ({ modelName }) => modelName);
  await Promise.all(
    [...versionsByName].map(([name, versions]) => restoreModel(options, name, versions)),
  );
}

/** One version after the other, so that they are listed in their order. */
async function restoreModel(
  options: RestoreModelsOptions,
  modelName: string,
  versions: readonly RestoredModel[],
): Promise<void> {
  const { registry, restorePoint, leftOut } = options;
  const traffic = restorePoint.traffic[modelName];
  const now = new Map<string, string>();
  for (const version of versions) {
    const versionNow = await restoreVersion(registry, version);
    if (versionNow === undefined) leftOut.add(version, traffic);
    else now.set(version.modelVersion, versionNow);
  }
  const wanted = versions.find(({ isDefault }) => isDefault);
  const defaultVersion = wanted && now.get(wanted.modelVersion);
  if (defaultVersion !== undefined) registry.setDefault(modelName, defaultVersion);
  if (traffic !== undefined) restoreTraffic(registry, modelName, traffic, now);
}

/** What brings a version of a snapshot back. */
export function toRestoreRequest(restored: RestoredModel): RegisterRequest {
  const { url, modelName, handler, runtime } = restored;
  return { url, modelName, handler, runtime, restored, isSynchronous: false };
}

/** The version that is registered now. */
async function restoreVersion(
  registry: RestoreModelsOptions["registry"],
  restored: RestoredModel,
): Promise<string | undefined> {
  const log = createLog("snapshots");
  const { modelName, modelVersion, url } = restored;
  const model = { model: modelName, version: modelVersion, url };
  try {
    const outcome = await registry.register(toRestoreRequest(restored));
    log.info("Model is restored", { ...model, workers: outcome.workers });
    if (outcome.modelVersion !== modelVersion) {
      log.warn("The archive of a restored model was replaced, it has another version now", {
        ...model,
        found: outcome.modelVersion,
      });
    }
    return outcome.modelVersion;
  } catch (error) {
    const isExpected = error instanceof ServeError;
    log.error(
      "Cannot restore a model, the others are; put its archive back and start again, or unregister it",
      {
        ...model,
        reason: isExpected ? error.message : undefined,
        error: isExpected ? error.cause : error,
      },
    );
    return undefined;
  }
}

/** What was left out gets nothing; a model of which nothing else had weights goes by its default version. */
function restoreTraffic(
  registry: RestoreModelsOptions["registry"],
  modelName: string,
  traffic: RestorePoint["traffic"][string],
  now: VersionsNow,
): void {
  const weights: Record<string, number> = {};
  for (const [version, weight] of Object.entries(traffic.weights)) {
    const versionNow = now.get(version);
    if (versionNow !== undefined) weights[versionNow] = weight;
  }
  const shadow = traffic.shadow === undefined ? undefined : now.get(traffic.shadow);
  const hasWeights = Object.values(weights).some((weight) => weight > 0);
  if (!hasWeights && shadow === undefined) return;
  try {
    registry.setTraffic(modelName, {
      weights: hasWeights ? weights : {},
      ...shadow === undefined ? {} : { shadow },
    });
  } catch (error) {
    createLog("snapshots").error("Cannot restore the weights of a model", {
      model: modelName,
      error,
    });
  }
}
