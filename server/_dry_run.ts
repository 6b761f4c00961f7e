import { prepareNativeFiles } from "./_native_files.ts";
import { createOpenerOptions } from "./_opener_options.ts";
import { toRestoreRequest } from "./_restore_models.ts";
import { createUnpackRoot } from "./_unpack_root.ts";
import { combineEvents } from "./combine_events.ts";
import type { ServerConfig } from "./config/mod.ts";
import { ArchiveDownloader, isRemoteUrl } from "./downloads/mod.ts";
import { ServeError } from "./errors.ts";
import { escapeControls } from "./logging/mod.ts";
import {
  type ModelOpenerOptions,
  ModelStore,
  openModel,
  type RegisterRequest,
  toStoreName,
} from "./models/mod.ts";
import { createSystemClock } from "./scheduling/mod.ts";

export interface DryRunOptions {
  /** Gets `ok NAME VERSION FILE` or `FAILED FILE: REASON` for each model. */
  readonly report: (line: string) => void;
  /** Gets one line for each value of a model's config that has no effect. */
  readonly warn: (line: string) => void;
}

/**
 * Opens every archive that a server of this config would load, all of the model store when none is named,
 * as far as that goes without a worker: manifest, digests, config file, the ONNX models' headers, and whether
 * the handler compiles and the archive holds all that it imports.
 *
 * Opens no port and writes nothing outside a temporary folder, which is gone in the end; archives at URLs
 * are downloaded there.
 *
 * @returns True if every model can be loaded.
 * @throws {ConfigError} If a setting cannot be used.
 */
export async function checkModels(config: ServerConfig, options: DryRunOptions): Promise<boolean> {
  const clock = createSystemClock();
  const downloader = new ArchiveDownloader({ config: config.downloads, schedule: clock.schedule });
  const nativeDir = await prepareNativeFiles(config.cacheDir);
  const root = await createUnpackRoot(config.tempDir);
  try {
    const downloads = `${root}/downloads`;
    const unpackRoot = `${root}/models`;
    await Deno.mkdir(downloads);
    await Deno.mkdir(unpackRoot);
    const store = new ModelStore(config.modelStore, { downloader });
    const downloadStore = new ModelStore(downloads, { downloader });
    const opener = createOpenerOptions(config, {
      clock,
      store,
      unpackRoot,
      nativeDir,
      provesHandlers: true,
      createEvents: () => combineEvents(),
      onWarning: (modelName, text) => options.warn(`${modelName}: ${text}`),
    });
    const check = new ModelCheck(options.report);
    for (const request of await listRequests(config, store)) {
      const isDownloaded = isRemoteUrl(request.url) && !await store.has(toStoreName(request.url));
      await check.run(request, isDownloaded ? { ...opener, store: downloadStore } : opener);
    }
    return !check.hasFailed;
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

/** What the server would register, in its order. */
async function listRequests(config: ServerConfig, store: ModelStore): Promise<RegisterRequest[]> {
  const { restorePoint, startupModels } = config;
  if (restorePoint !== undefined) return restorePoint.models.map(toRestoreRequest);
  const isAll = startupModels === "all" || startupModels.length === 0;
  const models = isAll ? (await store.listArchives()).map((url) => ({ url })) : startupModels;
  return models.map((model) => ({ ...model, isSynchronous: false, isAtStartup: true }));
}

/** One model after the other; two of one name and version cannot both be registered. */
class ModelCheck {
  readonly #report: (line: string) => void;
  readonly #found = new Set<string>();
  hasFailed = false;

  constructor(report: (line: string) => void) {
    this.#report = report;
  }

  async run(request: RegisterRequest, opener: ModelOpenerOptions): Promise<void> {
    try {
      const version = await openModel(request, opener);
      await version.close();
      const { modelName, modelVersion } = version;
      const key = JSON.stringify([modelName, modelVersion]);
      if (this.#found.has(key)) {
        throw new ServeError(
          "model_already_registered",
          `Model version ${modelVersion} is already registered for model ${modelName}`,
        );
      }
      this.#found.add(key);
      this.#report(`ok ${modelName} ${modelVersion} ${escapeControls(request.url)}`);
    } catch (error) {
      this.hasFailed = true;
      this.#report(escapeControls(`FAILED ${request.url}: ${toReason(error)}`));
    }
  }
}

/** A server's log would have the cause of a failed download; here nobody else tells it. */
function toReason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const isDownload = error instanceof ServeError && error.code === "download_failed";
  return isDownload && error.cause instanceof Error
    ? `${error.message} (${error.cause.message})`
    : error.message;
}
