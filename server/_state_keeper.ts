import denoConfig from "../deno.json" with { type: "json" };
import type { RestorePoint, ServerConfig } from "./config/mod.ts";
import type { ModelService } from "./http/mod.ts";
import { createLog } from "./logging/mod.ts";
import type { ModelRegistry } from "./models/mod.ts";
import { restoreModels } from "./_restore_models.ts";
import { createSnapshottingService } from "./_snapshotting_service.ts";
import {
  type AlarmState,
  LeftOutModels,
  nextAlarmState,
  SnapshotWriter,
  toServerState,
} from "./snapshots/mod.ts";

/** How writing the state goes, for metrics. */
export interface SnapshotHealth {
  /** Snapshots that could not be written since the start. */
  readonly failures: number;
  /** True while the newest state is not on disk. */
  readonly isStale: boolean;
}

/** Keeps the server's state on disk, or does not, as the config says. */
export interface StateKeeper {
  /** The registry for whoever changes models: each change is on disk before it is answered. */
  readonly models: ModelService;
  /** Absent for a server that writes none. */
  readonly health?: SnapshotHealth;
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
      const next = nextAlarmState(alarm, { failed: kind });
      if (next === alarm) return;
      alarm = next;
      const text =
        "Cannot write a snapshot: a restart would give an older state of the models back";
      log[next === "raised" ? "error" : "warn"](text, { dir, error, failures: writer.failures });
    },
    onWritten() {
      const { failures } = writer;
      if (alarm !== "quiet") log.info("Snapshots are written again", { dir, failures });
      alarm = nextAlarmState(alarm, "written");
    },
  });
  let alarm: AlarmState = "quiet";
  let isStarted = false;
  let isStopped = false;
  /** What is in the registry while it ends is nobody's wish. */
  const saveUnlessStopped = (): Promise<void> => isStopped ? Promise.resolve() : writer.save();
  return {
    models: createSnapshottingService(registry, { save: saveUnlessStopped }, leftOut),
    health: {
      get failures() {
        return writer.failures;
      },
      get isStale() {
        return alarm !== "quiet";
      },
    },
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
