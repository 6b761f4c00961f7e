import {
  Context,
  type HandlerEntry,
  type HandlerManifest,
  loadImageDecoder,
  type ModelContext,
} from "../../../handlers/mod.ts";
import { resolvePackagesDir } from "../packages_dir.ts";
import type { LoadedMessage, LoadMessage } from "../protocol.ts";
import { createEnvelope } from "./envelope.ts";
import { chooseExecutionProvider } from "./execution_provider.ts";
import { prepareHandler } from "./load_handler.ts";
import { lockDown } from "./lockdown.ts";
import { redirectNativeAddons } from "./native_addons.ts";
import { loadOnnxRuntime } from "./onnx_session.ts";
import type { BatchRules } from "./run_batch.ts";
import { SessionOwner } from "./session_owner.ts";
import { warmUp } from "./warm_up.ts";

/** A worker that is ready. */
export interface LoadedWorker {
  readonly entry: HandlerEntry;
  readonly model: ModelContext;
  readonly rules: BatchRules;
  readonly message: LoadedMessage;
}

/** What a worker's parts tell while it is being loaded, and later. */
export interface LoadEvents {
  /** The owner exists from here on, even if the load fails afterwards. */
  onOwner(owner: SessionOwner): void;
  onExit(what: string): void;
  onWarning(text: string): void;
  sendIntermediate(results: readonly unknown[]): void;
}

/**
 * Makes a worker ready: everything that needs a permission first, then the lock-down, then the handler and
 * its warm-up.
 *
 * @throws Whatever the runtime, the handler's file, its `initialize()` or its warm-up throws.
 */
export async function loadWorker(load: LoadMessage, events: LoadEvents): Promise<LoadedWorker> {
  const packagesDir = resolvePackagesDir();
  if (load.nativeDir !== undefined) redirectNativeAddons(packagesDir, load.nativeDir);
  const ort = await loadOnnxRuntime();
  if (load.needsImages) await loadImageDecoder();
  const importHandler = await prepareHandler(load.handler, load.modelDir);
  const device = await chooseExecutionProvider(ort, load.device, load.gpu);
  if (device.fallbackReason !== undefined) {
    events.onWarning(
      `Cannot use GPU ${load.device.gpuId}, the CPU is used: ${device.fallbackReason}`,
    );
  }
  lockDown([packagesDir, load.nativeDir ?? packagesDir], events.onExit);

  const { modelDir, intraOpThreads } = load;
  const owner = new SessionOwner(ort, { modelDir, device, intraOpThreads });
  events.onOwner(owner);
  const isBuiltIn = load.handler.kind === "built_in";
  const envelope = load.envelope && createEnvelope(load.envelope, {
    get areWholesFloats() {
      return isBuiltIn && owner.hasFloatOutputs();
    },
  });
  const model: ModelContext = {
    modelName: load.modelName,
    modelVersion: load.modelVersion,
    manifest: load.manifest as HandlerManifest | null,
    modelYamlConfig: load.modelYamlConfig as Record<string, unknown>,
    systemProperties: {
      modelDir,
      gpuId: device.gpuId,
      batchSize: load.batchSize,
      serverName: "Marina",
      serverVersion: load.serverVersion,
      limitMaxImagePixels: true,
    },
    openModel: (file) => owner.open(file),
    // Where a request is several rows, nobody can say whose a part of an answer is.
    sendIntermediate: envelope?.readsJson === true ? undefined : events.sendIntermediate,
  };
  const entry = await importHandler();
  await entry.initialize(new Context(model));
  const { decodesRequests, maxResponseBytes } = load;
  const rules = { decodesRequests, maxResponseBytes, envelope };
  await warmUp(load.warmup, entry, model, rules, events.onWarning);
  const { provider: executionProvider, gpuId } = device;
  return {
    entry,
    model,
    rules,
    message: { type: "loaded", executionProvider, gpuId, rowBytes: owner.rowBytes() },
  };
}
