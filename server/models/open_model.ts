import { ArchiveError, openArchive, type OpenedArchive } from "../../archiver/reading.ts";
import type { EnvelopeName, ModelOverrides } from "../config/mod.ts";
import { ServeError } from "../errors.ts";
import {
  type Clock,
  type GpuSetup,
  type PoolEvents,
  type StartCarrier,
  type WebGpuLease,
  WorkerPool,
} from "../scheduling/mod.ts";
import { listGpuWarnings } from "./_gpu_warnings.ts";
import type { GpuAssigner } from "./gpu_assigner.ts";
import { assertHandlerModule, prepareHandlerModule } from "./handler_module.ts";
import { resolveEnvelope } from "./envelope_name.ts";
import { resolveHandler } from "./handler_source.ts";
import { type ParsedModelConfig, parseModelConfig } from "./model_config.ts";
import type { RegisterRequest } from "./model_description.ts";
import { type ModelDefaults, resolveModelSettings } from "./model_settings.ts";
import { type ModelStore, toModelName } from "./model_store.ts";
import { ModelVersion } from "./model_version.ts";
import type { StoredArchive } from "./stored_archive.ts";

/** The archiver's rule for names, and a length that every file system takes. */
const MODEL_NAME_REGEXP = /^[A-Za-z0-9][A-Za-z0-9_\-.]{0,127}$/;

/** Versions stand in paths and labels as names do. */
const MODEL_VERSION_REGEXP = /^[A-Za-z0-9][A-Za-z0-9_\-.+]{0,127}$/;

/** Runtimes that archives name; the handler decides whether one can be served. */
const RUNTIMES: readonly string[] = ["deno", "python", "python3", "LSP"];

/** What turning an archive into a served model needs of the server. */
export interface ModelOpenerOptions {
  readonly store: ModelStore;
  /** A folder of the server's own, in which each archive gets a folder. */
  readonly unpackRoot: string;
  readonly defaults: ModelDefaults;
  /** What the setting `models` says: by model name, then by version. */
  readonly modelOverrides: ReadonlyMap<string, ReadonlyMap<string, ModelOverrides>>;
  /** For archives that name no handler. */
  readonly defaultHandler?: string;
  /**
   * For a check that starts no worker: a handler that does not compile is refused here, and none is made
   * ready to be loaded. Else its workers fail with that.
   */
  readonly provesHandlers?: boolean;
  /** Whether bodies are decoded by their content type before handlers see them. */
  readonly decodesRequests: boolean;
  /** What bodies are wrapped in of models whose archives do not say it. */
  readonly serviceEnvelope?: EnvelopeName;
  /** The largest answer of a handler. */
  readonly maxResponseBytes: number;
  readonly maxQueueBytes: number;
  readonly serverVersion: string;
  readonly gpus: GpuAssigner;
  readonly webGpuLease: WebGpuLease;
  /** Absent where no worker is to use a GPU. */
  readonly gpu?: GpuSetup;
  readonly clock: Clock;
  readonly startCarrier: StartCarrier;
  readonly nextWorkerId: () => string;
  /** What to tell of a model's workers. */
  readonly createEvents: (modelName: string, modelVersion: string) => PoolEvents;
  readonly onWarning: (modelName: string, text: string) => void;
}

/** What a new version takes over from the one that it is to replace. */
export interface Predecessor {
  /** These go before the numbers of request and archive. */
  readonly minWorkers: number;
  readonly maxWorkers: number;
  readonly stored: StoredArchive;
}

/**
 * Unpacks an archive and makes a model version of it, without workers yet. The caller closes it, and ends
 * the use of what is `stored` unless the server stops.
 *
 * @throws {ServeError} `archive_not_found`, `model_file_exists`, `download_failed` or `archive_invalid`;
 * nothing is left on disk then.
 */
export async function openModel(
  request: RegisterRequest,
  options: ModelOpenerOptions,
  previous?: Predecessor,
): Promise<ModelVersion> {
  const { url, signsForS3, isAtStartup } = request;
  const replaced = previous?.stored;
  const stored = await options.store.resolveArchive(url, { signsForS3, isAtStartup, replaced });
  let archive: OpenedArchive | undefined;
  try {
    archive = await unpack(stored.path, url, options.unpackRoot);
    return await createModelVersion(request, { archive, stored }, options, previous);
  } catch (error) {
    await archive?.remove();
    await stored.abandon();
    throw error;
  }
}

async function unpack(path: string, url: string, unpackRoot: string): Promise<OpenedArchive> {
  const destination = `${unpackRoot}/${crypto.randomUUID().replaceAll("-", "")}`;
  try {
    return await openArchive(path, { destination });
  } catch (error) {
    if (!(error instanceof ArchiveError)) throw error;
    const message = error.message.replaceAll(destination, "the unpacked archive")
      .replaceAll(path, url);
    throw new ServeError("archive_invalid", message, { cause: error });
  }
}

async function createModelVersion(
  request: RegisterRequest,
  { archive, stored }: { readonly archive: OpenedArchive; readonly stored: StoredArchive },
  options: ModelOpenerOptions,
  previous: Predecessor | undefined,
): Promise<ModelVersion> {
  const { manifest, modelDir } = archive;
  const modelName = request.modelName ?? manifest.model.modelName ?? nameAtStartup(request);
  const modelVersion = manifest.model.modelVersion ?? "1.0";
  const overrides = options.modelOverrides.get(modelName)?.get(modelVersion);
  const runtime = request.restored?.runtime ?? overrides?.runtime ?? request.runtime ??
    manifest.runtime;
  assertNames(modelName, modelVersion, runtime);
  const { config, yaml, warnings } = readConfig(archive);
  for (const warning of warnings) options.onWarning(modelName, warning);
  for (const warning of listGpuWarnings(config, options.defaults.numberOfGpu)) {
    options.onWarning(modelName, warning);
  }
  const handler = await resolveHandler(
    request.handler ?? manifest.model.handler ?? options.defaultHandler,
    modelDir,
  );
  if (options.provesHandlers) await assertHandlerModule(handler.source, archive);
  const handlerSource = options.provesHandlers
    ? handler.source
    : await prepareHandlerModule(handler.source, archive);
  const resolved = resolveModelSettings(request, config, options.defaults, overrides);
  const { minWorkers, maxWorkers } = previous ?? resolved;
  const settings = { ...resolved, minWorkers, maxWorkers };
  const { memoryLimitBytes, recycle } = config;
  const isolation = config.isolation ?? options.defaults.isolation;
  const carrying = { memoryLimitBytes, recycle, startupTimeoutMs: settings.startupTimeoutMs };
  for (const [key, value] of [["memoryLimitMb", memoryLimitBytes], ["recycle", recycle]]) {
    if (isolation === "process" || value === undefined) continue;
    options.onWarning(
      modelName,
      `Cannot use "${key}" of the model config: threads share their server's memory, add isolation: process`,
    );
  }
  const pool = new WorkerPool({
    settings: { ...settings, maxQueueBytes: options.maxQueueBytes },
    load: {
      modelName,
      modelVersion,
      modelDir,
      manifest: toHandlerManifest(archive),
      modelYamlConfig: yaml,
      handler: handlerSource,
      needsImages: handler.needsImages,
      batchSize: settings.batchSize,
      intraOpThreads: countThreads(options.defaults.numberOfCores, settings.maxWorkers),
      serverVersion: options.serverVersion,
      decodesRequests: options.decodesRequests,
      envelope: resolveEnvelope(manifest.model.envelope) ?? options.serviceEnvelope,
      maxResponseBytes: options.maxResponseBytes,
      warmup: config.warmup ?? [],
      gpu: options.gpu,
    },
    requiresGpu: config.deviceType === "gpu",
    nextGpuId: options.gpus.assignTo(config),
    nextWorkerId: options.nextWorkerId,
    clock: options.clock,
    startCarrier: (own, events) => options.startCarrier({ ...own, ...carrying }, events),
    isolation,
    webGpuLease: options.webGpuLease,
    events: options.createEvents(modelName, modelVersion),
  });
  return new ModelVersion({
    modelName,
    modelVersion,
    request,
    runtime,
    archive,
    stored,
    config,
    settings,
    pool,
    clock: options.clock,
  });
}

/** As upstream: only a model that is named on the command line or in the config gets its file's name. */
function nameAtStartup(request: RegisterRequest): string {
  return request.isAtStartup === true ? toModelName(request.url) : "";
}

function assertNames(modelName: string, modelVersion: string, runtime: string): void {
  if (modelName === "") throw new ServeError("archive_invalid", "Model name is not defined.");
  if (!RUNTIMES.includes(runtime)) {
    throw new ServeError("archive_invalid", "Runtime is not defined or invalid.");
  }
  if (!MODEL_NAME_REGEXP.test(modelName)) {
    throw new ServeError(
      "archive_invalid",
      `Cannot register model ${
        JSON.stringify(modelName)
      }: a name has 1 to 128 letters, digits, "_", "-" and ".", and begins with a letter or digit`,
    );
  }
  if (!MODEL_VERSION_REGEXP.test(modelVersion)) {
    throw new ServeError(
      "archive_invalid",
      `Cannot register version ${
        JSON.stringify(modelVersion)
      } of "${modelName}": a version has 1 to 128 letters, digits, "_", "-", "." and "+", and begins with a letter or digit`,
    );
  }
}

function readConfig(archive: OpenedArchive): ParsedModelConfig {
  if (archive.configText === undefined) return { config: {}, yaml: {}, warnings: [] };
  try {
    return parseModelConfig(archive.configText);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new ServeError("archive_invalid", error.message, { cause: error });
  }
}

/** The manifest as plain data: without its table of digests, which no handler needs. */
function toHandlerManifest(archive: OpenedArchive): unknown {
  const { createdOn, runtime, archiverVersion, model } = archive.manifest;
  return { createdOn, runtime, archiverVersion, model: { ...model } };
}

/** Threads of one run of the model: the cores that the HTTP thread leaves, shared by the workers. */
function countThreads(numberOfCores: number, maxWorkers: number): number {
  return Math.max(1, Math.floor((numberOfCores - 1) / Math.max(1, maxWorkers)));
}
