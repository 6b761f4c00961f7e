import denoConfig from "../deno.json" with { type: "json" };
import type { RestorePoint, ServerConfig } from "./config/mod.ts";
import type { ModelService } from "./http/mod.ts";
import { createLog } from "./logging/mod.ts";
import type { ModelRegistry } from "./models/mod.ts";
import { restoreModels } from "./_restore_models.ts";
import { createSnapshottingService } from "./_snapshotting_service.ts";
import { LeftOutModels, SnapshotWriter, toServerState } from "./snapshots/mod.ts";

/** Keeps the server's state on disk, or does not, as the config says. */
export interface StateKeeper {
  /** The registry for whoever changes models: each change is on disk before it is answered. */
  readonly models: ModelService;
  /** Registers the models of a snapshot. */
  restore(restorePoint: RestorePoint): Promise<void>;
  /** Answers once the state of this moment is on disk, between the server's start and its stop. */
  save(): Promise<void>;
  /** To be called once all ports are open. */
  markStarted(): Promise<void>;
  /** To be called while the models are still registered; does nothing for a server that never started. */
  markStopped(): Promise<void>;
}

export function createStateKeeper(
  config: Pick<ServerConfig, "snapshotDir" | "properties" | "configFile">,
  registry: ModelRegistry,
): StateKeeper {
  const leftOut = new LeftOutModels();
  const restore = (restorePoint: RestorePoint): Promise<void> =>
    restoreModels({ registry, restorePoint, leftOut });
  const { snapshotDir: dir, properties, configFile = "" } = config;
  if (dir === undefined) {
    const nothing = (): Promise<void> => Promise.resolve();
    return {
      models: registry,
      restore,
      save: nothing,
      markStarted: nothing,
      markStopped: nothing,
    };
  }
  const log = createLog("snapshots");
  const writer = new SnapshotWriter({
    dir,
    describe() {
      // A stop ends the calls that still wait for workers: what they register is not to come back.
      const models = registry.describeAll().filter((one) => !(isStopped && one.isTentative));
      return leftOut.addTo(toServerState(models, registry.listTraffic()));
    },
    properties,
    configFile,
    serverVersion: denoConfig.version,
    now: () => new Date(),
    onFailure(error, kind) {
      const text =
        "Cannot write a snapshot: a restart would give an older state of the models back";
      // A folder that cannot be written from the start on is how the operator set it up.
      if (kind === "startup") log.warn(text, { dir, error });
      else log.error(text, { dir, error, failures: writer.failures });
    },
  });
  let isStarted = false;
  let isStopped = false;
  /** What is in the registry while it ends is nobody's wish. */
  const saveUnlessStopped = (): Promise<void> => isStopped ? Promise.resolve() : writer.save();
  return {
    models: createSnapshottingService(registry, { save: saveUnlessStopped }, leftOut),
    restore,
    async save() {
      if (isStarted) await saveUnlessStopped();
    },
    async markStarted() {
      isStarted = true;
      await writer.mark("startup");
    },
    async markStopped() {
      isStopped = true;
      if (isStarted) await writer.mark("shutdown");
    },
  };
}
