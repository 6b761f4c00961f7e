import { ServeError } from "./errors.ts";
import type { ModelService } from "./http/mod.ts";
import type { LeftOutModels, SnapshotWriter } from "./snapshots/mod.ts";

/**
 * The models as the management port gets them: each change is on disk before its call is answered.
 *
 * A call that fails is followed by a snapshot too, as it may have changed something; where it has not, none
 * is written. A snapshot that cannot be written fails no call.
 *
 * @param leftOut Versions that could not be restored; they can be unregistered here.
 */
export function createSnapshottingService(
  models: ModelService,
  writer: Pick<SnapshotWriter, "save">,
  leftOut: LeftOutModels,
): ModelService {
  async function saved<Outcome>(change: () => Outcome | Promise<Outcome>): Promise<Outcome> {
    try {
      return await change();
    } finally {
      await writer.save();
    }
  }
  return {
    register: (request) =>
      saved(async () => {
        const outcome = await models.register(request);
        leftOut.forget(outcome.modelName, outcome.modelVersion);
        return outcome;
      }),
    scale: (request) => saved(() => models.scale(request)),
    setDefault: (name, version) =>
      saved(async () => {
        await models.setDefault(name, version);
        leftOut.clearDefault(name);
      }),
    unregister: (name, version) =>
      saved(async () => {
        try {
          await models.unregister(name, version);
        } catch (error) {
          if (!isNotFound(error) || !leftOut.forget(name, version)) throw error;
        }
      }),
    setTraffic: (name, traffic) => saved(() => models.setTraffic(name, traffic)),
    getTraffic: (name) => models.getTraffic(name),
    describe: (name, version) => models.describe(name, version),
    describeCustomized: (name, version) => models.describeCustomized(name, version),
    isReady: (name) => models.isReady(name),
    findStartupModel: () => models.findStartupModel(),
    list: () => models.list(),
    predict: (call) => models.predict(call),
  };
}

function isNotFound(error: unknown): boolean {
  return error instanceof ServeError &&
    (error.code === "model_not_found" || error.code === "model_version_not_found");
}
