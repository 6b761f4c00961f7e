import { join } from "node:path";
import {
  type FromWorkerMessage,
  GPU_REFUSAL,
  type GpuSetup,
  type LoadMessage,
  PROBE_MODEL,
  type StartCarrier,
} from "../scheduling/mod.ts";
import type { ProviderName, ProviderReport } from "./report.ts";

export interface ProbeOptions {
  readonly startCarrier: StartCarrier;
  /** Given to every worker of the server; its `providers` are replaced. */
  readonly gpu: GpuSetup;
  /** The device that is asked for, 0 or more. */
  readonly gpuId: number;
  /** Where a folder is made for the model; it is gone when the probe ends. */
  readonly tempDir: string;
  readonly serverVersion: string;
  /** How long a provider has to load the smallest model and to run it. */
  readonly timeoutMs: number;
}

const MODEL_FILE = "probe.onnx";

/**
 * Starts a worker as a server does, with the smallest model and nothing but this provider, and lets it
 * answer one request. A driver that crashes takes the worker's process along, and no more.
 */
export async function probeProvider(
  name: ProviderName,
  options: ProbeOptions,
): Promise<ProviderReport> {
  const modelDir = await Deno.makeTempDir({ dir: options.tempDir, prefix: "marina-doctor-" });
  try {
    await Deno.writeFile(join(modelDir, MODEL_FILE), PROBE_MODEL);
    const reason = await load(createLoad(name, modelDir, options), options);
    if (reason === undefined) return { name, works: true };
    const refusal = `${GPU_REFUSAL}${name}: `;
    const ownReason = reason.startsWith(refusal) ? reason.slice(refusal.length) : reason;
    return { name, works: false, reason: ownReason };
  } finally {
    await Deno.remove(modelDir, { recursive: true });
  }
}

/** Answers why the worker did not become ready, nothing if it did. */
async function load(
  message: LoadMessage,
  { startCarrier, timeoutMs }: ProbeOptions,
): Promise<string | undefined> {
  const { modelDir, modelName } = message;
  const ended = Promise.withResolvers<string | undefined>();
  const receive = (answer: FromWorkerMessage): void => {
    if (answer.type === "loaded") ended.resolve(undefined);
    else if (answer.type === "load_failed" || answer.type === "died") {
      ended.resolve(answer.failure.message);
    }
  };
  const timeout = AbortSignal.timeout(timeoutMs);
  const onTimeout = () => ended.resolve(`no answer within ${timeoutMs} ms`);
  timeout.addEventListener("abort", onTimeout, { once: true });
  const carrier = startCarrier({ name: modelName, modelDir, isolation: "process" }, {
    onMessage: receive,
    onFailure: ({ message }) => ended.resolve(message),
  });
  try {
    carrier.post(message);
    return await ended.promise;
  } finally {
    timeout.removeEventListener("abort", onTimeout);
    carrier.terminate({ isReleased: true });
  }
}

function createLoad(name: ProviderName, modelDir: string, options: ProbeOptions): LoadMessage {
  const { gpu, gpuId, serverVersion } = options;
  return {
    type: "load",
    modelName: `probe-${name}`,
    modelVersion: "1.0",
    modelDir,
    manifest: { model: { serializedFile: MODEL_FILE } },
    modelYamlConfig: {},
    handler: { kind: "built_in", name: "base_handler" },
    needsImages: false,
    batchSize: 1,
    device: {
      gpuId: name === "cpu" ? null : gpuId,
      mayFallBack: false,
    },
    gpu: { ...gpu, providers: name === "cpu" ? [] : [name] },
    intraOpThreads: 1,
    serverVersion,
    decodesRequests: true,
    maxResponseBytes: 1 << 20,
    warmup: [{
      contentType: "application/json",
      body: { kind: "text", text: "[1.5]" },
      repeat: 1,
    }],
  };
}
