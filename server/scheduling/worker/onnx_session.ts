/** The only file that touches onnxruntime: its module, tensors and options stay in here. */

import type * as Ort from "onnxruntime-node";
import type {
  ModelSession,
  Tensor,
  TensorData,
  TensorDtype,
  TensorInfo,
} from "../../../handlers/mod.ts";

import { sealNativeSessions } from "./native_sessions.ts";

/** What of the runtime's module this worker uses; nobody else in its thread can make a session. */
export interface OnnxRuntime {
  createSession(
    source: string | Uint8Array,
    options: Ort.InferenceSession.SessionOptions,
  ): Promise<Ort.InferenceSession>;
  readonly Tensor: typeof Ort.Tensor;
}

/** Where a session runs. */
export type ExecutionProvider = "cpu" | "cuda" | "webgpu";

export interface OnnxSessionOptions {
  readonly provider: ExecutionProvider;
  /** The device's index, `null` for the CPU. */
  readonly gpuId: number | null;
  /** Threads of one run, 1 or more. */
  readonly intraOpThreads: number;
}

/**
 * Imports the runtime; the process must have switched its telemetry off before.
 *
 * The runtime settles how halves are held when it makes its first tensor, and where the engine has
 * `Float16Array` it takes one whose elements its native part then cannot see. So its first tensor is made
 * here, while that class is out of sight, and halves are their bits in a `Uint16Array` from then on.
 */
export async function loadOnnxRuntime(): Promise<OnnxRuntime> {
  const module = await import("onnxruntime-node");
  const ort = (module as unknown as { default?: typeof Ort }).default ?? module;
  const scope = globalThis as { Float16Array?: unknown };
  const halves = scope.Float16Array;
  delete scope.Float16Array;
  new ort.Tensor("float32", new Float32Array(1), [1]);
  if (halves !== undefined) scope.Float16Array = halves;
  return sealRuntime(ort);
}

/**
 * Keeps the making of sessions to this file. A handler that imports the runtime gets the same module, whose
 * own way is closed; the native one is closed to all that goes around it.
 */
function sealRuntime(ort: typeof Ort): OnnxRuntime {
  const create = ort.InferenceSession.create.bind(ort.InferenceSession);
  const withTicket = sealNativeSessions();
  Object.defineProperty(ort.InferenceSession, "create", {
    value: () => {
      throw new TypeError("Cannot make a session: handlers open models with context.openModel()");
    },
  });
  return {
    createSession: (source, options) =>
      withTicket(source, options, () => create(source as string, options)),
    Tensor: ort.Tensor,
  };
}

/**
 * Opens a model for handlers.
 *
 * @param source An absolute path (needed for models with external data), or the model's bytes.
 * @throws {Error} If the runtime refuses the model or the provider.
 */
export async function openOnnxSession(
  ort: OnnxRuntime,
  source: string | Uint8Array,
  options: OnnxSessionOptions,
): Promise<ModelSession> {
  const { provider, gpuId, intraOpThreads } = options;
  const device = provider === "cuda" ? { name: provider, deviceId: gpuId ?? 0 } : provider;
  const session = await ort.createSession(source, {
    executionProviders: provider === "cpu" ? ["cpu"] : [device, "cpu"],
    intraOpNumThreads: intraOpThreads,
    interOpNumThreads: 1,
    logSeverityLevel: 3,
    // A pool that spins between runs takes the core that the next request needs.
    extra: { session: { intra_op: { allow_spinning: "0" } } },
  });
  return new OnnxSession(ort, session);
}

class OnnxSession implements ModelSession {
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly TensorInfo[];
  readonly #ort: OnnxRuntime;
  #session: Ort.InferenceSession | undefined;

  constructor(ort: OnnxRuntime, session: Ort.InferenceSession) {
    this.#ort = ort;
    this.#session = session;
    this.inputs = session.inputMetadata.map(toTensorInfo);
    this.outputs = session.outputMetadata.map(toTensorInfo);
  }

  async run(feeds: Readonly<Record<string, Tensor>>): Promise<Record<string, Tensor>> {
    if (this.#session === undefined) throw new Error("Cannot run the model: it has been released");
    const inputs: Record<string, Ort.Tensor> = {};
    for (const name in feeds) {
      const { dtype, data, shape } = feeds[name];
      inputs[name] = new this.#ort.Tensor(dtype, data as Ort.Tensor.DataType, shape);
    }
    const results = await this.#session.run(inputs);
    const outputs: Record<string, Tensor> = {};
    for (const name in results) {
      const { type, dims, data } = results[name];
      outputs[name] = { dtype: type as TensorDtype, shape: dims, data: data as TensorData };
    }
    return outputs;
  }

  async release(): Promise<void> {
    const session = this.#session;
    this.#session = undefined;
    await session?.release();
  }
}

function toTensorInfo(metadata: Ort.InferenceSession.ValueMetadata): TensorInfo {
  if (!metadata.isTensor) {
    throw new Error(
      `Cannot serve the model: "${metadata.name}" must be a tensor, found a sequence or a map`,
    );
  }
  return { name: metadata.name, dtype: metadata.type as TensorDtype, shape: metadata.shape };
}
