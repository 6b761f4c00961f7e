/** The composition root: the one place that knows which parts a server is made of. */
import denoConfig from "../deno.json" with { type: "json" };
import { createApiDescriptions } from "./_api_descriptions.ts";
import { logBanner } from "./_banner.ts";
import { returnLargeBlocks } from "./_freed_memory.ts";
import { prepareNativeRuntime } from "./_gpu_setup.ts";
import { type OpenListeners, openListeners } from "./_listeners.ts";
import { ModelReloader } from "./_model_reloader.ts";
import { createOpenerOptions, type OpenerParts } from "./_opener_options.ts";
import { createServerMetrics } from "./_server_metrics.ts";
import { createStateKeeper } from "./_state_keeper.ts";
import { type StoreChange, StoreWatch } from "./_store_watch.ts";
import { openTokenKeys } from "./_token_keys.ts";
import { createUnpackRoot, removeAbandonedRoots } from "./_unpack_root.ts";
import { keepCacheFolders } from "./cache_folder.ts";
import { combineEvents } from "./combine_events.ts";
import type { ServerConfig } from "./config/mod.ts";
import { ArchiveDownloader } from "./downloads/mod.ts";
import {
  BodyDeadlines,
  createAccessLog,
  createInferenceApp,
  createManagementApp,
  createMetricsApp,
  type ExchangeObserver,
  type ModelService,
} from "./http/mod.ts";
import { createLog, hasLogFiles, writeAccessLine } from "./logging/mod.ts";
import { ModelRegistry, ModelStore } from "./models/mod.ts";
import { type Clock, createSystemClock, MemoryGroups } from "./scheduling/mod.ts";
import { loadStartupModels } from "./startup_models.ts";
import { createTracing } from "./tracing/mod.ts";
import { createWorkerLog } from "./worker_log.ts";

/** How long requests in flight have to finish once the server is asked to stop. */
const STOP_DEADLINE_MS = 30_000;
/** What workers may take beyond it to give their models back; the process's end does it too. */
const RELEASE_DEADLINE_MS = 5_000;
/** What the last traces may take: a collector that is there answers in a moment, or when it is asked again. */
const TRACES_DEADLINE_MS = 2_000;
const BODY_TICK_MS = 1_000;
const CACHE_TICK_MS = 24 * 60 * 60 * 1_000;

/** A server whose ports are open. */
export interface RunningServer {
  readonly inferenceUrl: string;
  readonly managementUrl: string;
  /** Absent when no metrics are served. */
  readonly metricsUrl?: string;
  /** Takes no more requests, finishes those in flight, and gives back all that was taken. */
  stop(): Promise<void>;
  /** Removes what was unpacked, for a process that ends now. */
  abandon(): void;
}

/**
 * Starts a server as the config says: registers the startup models, then opens the ports. The
 * models' workers may still be starting when this answers; requests wait for them.
 *
 * @throws {ConfigError} If a port cannot be opened or the key file not be had; nothing runs then.
 */
export async function startServer(config: ServerConfig): Promise<RunningServer> {
  // Latched when onnxruntime is first loaded, for the whole process: so it is the first thing done.
  Deno.env.set("ORT_DISABLE_TELEMETRY", "1");
  returnLargeBlocks();
  logBanner(config);
  const clock = createSystemClock();
  const tracing = await createTracing(denoConfig.version);
  const metrics = await createServerMetrics(config, clock, {
    readModels: () => registry.describeAll(),
    readSnapshots: () => state.health,
  });
  const downloader = new ArchiveDownloader({
    config: config.downloads,
    schedule: clock.schedule,
    traceExchange: tracing?.traceExchange,
  });
  const tokens = await openTokenKeys(config, clock);
  const { cacheFolders, ...native } = await prepareNativeRuntime(config);
  const unpackRoot = await createUnpackRoot(config.tempDir);
  const store = new ModelStore(config.modelStore, {
    downloader,
    saveModels: () => state.save(),
  });
  const cleaning = removeAbandonedRoots(unpackRoot).catch((error: unknown) =>
    createLog("models").warn("Cannot look for folders of killed servers", { error })
  );
  await downloader.removeAbandoned(config.modelStore);
  const memoryGroups = new MemoryGroups(clock);
  const registry = createRegistry(config, {
    clock,
    store,
    unpackRoot,
    memoryGroups,
    ...native,
    createEvents: (name, version) =>
      combineEvents(
        createWorkerLog(name, version),
        metrics.createVersionMetrics(name, version),
        ...tracing === undefined ? [] : [tracing.createEvents(name, version)],
      ),
  });
  const state = createStateKeeper(config, registry);
  const watch = config.isWatching ? await StoreWatch.open(config.modelStore, clock) : undefined;
  const bodyDeadlines = new BodyDeadlines(config.bodyDeadlineMs / BODY_TICK_MS);
  const bodyTicker = setInterval(() => bodyDeadlines.tick(), BODY_TICK_MS);
  const cacheTicker = setInterval(() => keepCacheFolders(cacheFolders), CACHE_TICK_MS);
  let listeners: OpenListeners | undefined;
  let isStopping = false;

  async function stop(deadlineMs: number): Promise<void> {
    isStopping = true;
    downloader.close();
    const watchEnd = watch?.close();
    const endsAtMs = clock.now() + deadlineMs;
    tokens?.[Symbol.dispose]();
    await within(clock, deadlineMs, listeners?.close() ?? Promise.resolve());
    await within(clock, RELEASE_DEADLINE_MS, state.markStopped());
    const restMs = Math.max(0, endsAtMs - clock.now());
    await within(clock, restMs + RELEASE_DEADLINE_MS, registry.close({ deadlineMs: restMs }));
    await within(clock, RELEASE_DEADLINE_MS, memoryGroups.close());
    await watchEnd;
    await metrics.stop();
    clearInterval(bodyTicker);
    clearInterval(cacheTicker);
    await cleaning;
    await Deno.remove(unpackRoot, { recursive: true });
    await within(clock, TRACES_DEADLINE_MS, tracing?.close() ?? Promise.resolve());
  }

  const log = createLog("http");
  const common = {
    models: tracing?.tracePredictions<ModelService>(registry) ?? registry,
    maxBodyBytes: config.maxRequestBytes,
    bodyDeadlines,
    reportFailure: (error: unknown, requestId: string) =>
      log.error("Request failed", { requestId, error }),
  };
  const observers: ExchangeObserver[] = [metrics.httpCounts];
  if (hasLogFiles()) observers.push(createAccessLog(writeAccessLine));
  try {
    metrics.start();
    if (config.restorePoint !== undefined) await state.restore(config.restorePoint);
    else await loadStartupModels({ registry, store, models: config.startupModels });
    const descriptions = createApiDescriptions(config);
    const apps = {
      inference: createInferenceApp({
        ...common,
        descriptions: descriptions.inference,
        openInferenceVersion: config.isOpenInferenceEnabled ? denoConfig.version : undefined,
        isHealthy: () => !isStopping && registry.isHealthy(),
      }),
      management: createManagementApp({
        ...common,
        descriptions: descriptions.management,
        models: state.models,
        isModelApiEnabled: config.isModelApiEnabled,
      }),
      metrics: createMetricsApp({
        ...common,
        descriptions: descriptions.metrics,
        readText: (names) => metrics.readText(names),
      }),
    };
    const { reportFailure } = common;
    listeners = await openListeners({ config, apps, tokens, observers, tracing, reportFailure });
    const { inferenceUrl, managementUrl, metricsUrl } = listeners;
    const running: RunningServer = {
      inferenceUrl,
      managementUrl,
      metricsUrl,
      stop: () => stop(STOP_DEADLINE_MS),
      abandon: () => removeNow(unpackRoot),
    };
    await state.markStarted();
    watch?.begin(createReloader(config, { registry, store, models: state.models }));
    return running;
  } catch (error) {
    await stop(0);
    throw error;
  }
}

function createRegistry(
  config: ServerConfig,
  parts: Omit<OpenerParts, "onWarning">,
): ModelRegistry {
  const log = createLog("models");
  const opener = createOpenerOptions(config, {
    ...parts,
    onWarning: (modelName, text) => log.warn("Model config", { model: modelName, text }),
  });
  return new ModelRegistry({ ...opener, unregisterTimeoutMs: config.unregisterTimeoutMs });
}

interface ReloaderParts {
  readonly registry: ModelRegistry;
  readonly store: ModelStore;
  /** Who is asked to replace and register. */
  readonly models: ModelService;
}

/** What `--watch` does about a change; a snapshot's models are all that there is to follow. */
function createReloader(
  config: ServerConfig,
  { registry, store, models }: ReloaderParts,
): (change: StoreChange) => Promise<void> {
  const reloader = new ModelReloader({
    store,
    startupModels: config.restorePoint === undefined ? config.startupModels : [],
    registry: {
      describeAll: () => registry.describeAll(),
      register: (request) => models.register(request),
    },
  });
  return (change) => reloader.follow(change);
}

/** Waits for the work, but no longer than this. */
async function within(clock: Clock, timeoutMs: number, work: Promise<unknown>): Promise<void> {
  let cancel = (): void => {};
  const timeout = new Promise<void>((resolve) => cancel = clock.schedule(timeoutMs, resolve));
  await Promise.race([work, timeout]);
  cancel();
}

function removeNow(path: string): void {
  try {
    Deno.removeSync(path, { recursive: true });
  } catch {
    // Gone already, or still being written to: the process ends either way.
  }
}
