import type { StoreChange } from "./_store_watch.ts";
import type { StartupModel } from "./config/mod.ts";
import { isRemoteUrl } from "./downloads/mod.ts";
import { ServeError } from "./errors.ts";
import { createLog, type LogFields } from "./logging/mod.ts";
import {
  isArchiveName,
  type ModelDescription,
  type ModelRegistry,
  type ModelStore,
  toStoreName,
} from "./models/mod.ts";

export interface ModelReloaderOptions {
  readonly registry: Pick<ModelRegistry, "describeAll" | "register">;
  readonly store: Pick<ModelStore, "isDownload" | "isFolder">;
  /** What is registered when it comes, or is mended: all of the store, or what the operator named. */
  readonly startupModels: readonly StartupModel[] | "all";
}

/**
 * Brings the models after their archives, for `--watch`: a version is replaced once the changed archive's
 * workers are ready, and serves on when they do not get there.
 */
export class ModelReloader {
  readonly #options: ModelReloaderOptions;
  readonly #log = createLog("watch");

  constructor(options: ModelReloaderOptions) {
    this.#options = options;
  }

  /** Does what a change asks for, and tells the log; never rejects for an archive that cannot be loaded. */
  async follow({ name, isGone }: StoreChange): Promise<void> {
    // Downloads are registered by whoever asked for them.
    if (!isGone && await this.#options.store.isDownload(name)) return;
    const versions = this.#options.registry.describeAll()
      .filter(({ modelUrl }) => toStoreName(modelUrl) === name);
    if (isGone) {
      for (const { modelName: model, modelVersion: version } of versions) {
        this.#log.warn("The archive of a model is gone, the model stays", {
          model,
          version,
          archive: name,
        });
      }
      return;
    }
    for (const version of versions) await this.#reload(name, version);
    if (versions.length === 0) await this.#register(name);
  }

  async #reload(name: string, version: ModelDescription): Promise<void> {
    const { modelName: model, modelVersion, modelUrl } = version;
    const fields = { model, version: modelVersion, archive: name };
    try {
      const outcome = await this.#options.registry.register({
        url: isRemoteUrl(modelUrl) ? name : modelUrl,
        modelName: model,
        replaces: true,
        replacedVersion: modelVersion,
        isSynchronous: true,
      });
      this.#log.info("Model is reloaded", { ...fields, version: outcome.modelVersion });
    } catch (error) {
      this.#log.error("Cannot reload a model, it serves on as it was", {
        ...fields,
        ...toReason(error),
      });
    }
  }

  async #register(name: string): Promise<void> {
    const model = await this.#findStartupModel(name);
    if (model === undefined) return;
    const { url, modelName } = model;
    const { registry } = this.#options;
    try {
      const { modelName: model, modelVersion: version, workers } = await registry.register({
        url,
        modelName,
        isSynchronous: false,
        isAtStartup: true,
      });
      this.#log.info("Model is registered", { model, version, url, workers });
    } catch (error) {
      this.#log.error("Failed to load model", { model: modelName ?? url, url, ...toReason(error) });
    }
  }

  async #findStartupModel(name: string): Promise<StartupModel | undefined> {
    const { store, startupModels } = this.#options;
    if (startupModels !== "all") {
      return startupModels.find(({ url }) => toStoreName(url) === name);
    }
    return isArchiveName(name, await store.isFolder(name)) ? { url: name } : undefined;
  }
}

function toReason(error: unknown): LogFields {
  const isExpected = error instanceof ServeError;
  return {
    reason: isExpected ? error.message : undefined,
    error: isExpected ? error.cause : error,
  };
}
