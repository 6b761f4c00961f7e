/** The only file that touches onnxruntime: its module, tensors and options stay in here. */

import type * as Ort from "onnxruntime-node";
import type {
  ModelSession,
  Tensor,
  TensorData,
  TensorDtype,
  TensorInfo,
} from "../../../handlers/mod.ts";

/** The runtime's module, as the worker hands it around among its own files. */
export type OnnxRuntime = typeof Ort;

/** Where a session runs. */
export type ExecutionProvider = "cpu" | "cuda" | "webgpu";

export interface OnnxSessionOptions {
  readonly provider: ExecutionProvider;
  /** The device's index, `null` for the CPU. */
  readonly gpuId: number | null;
  /** Threads of one run, 1 or more. */
  readonly intraOpThreads: number;
}

/** Imports the runtime; the process must have switched its telemetry off before. */
export async function loadOnnxRuntime(): Promise<OnnxRuntime> {
  const module = await import("onnxruntime-node");
  return (module as unknown as { default?: OnnxRuntime }).default ?? module;
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
  const session = await ort.InferenceSession.create(source as string, {
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
    for (const name in feeds) inputs[name] = this.#toOrtTensor(feeds[name]);
    const results = await this.#session.run(inputs);
    const outputs: Record<string, Tensor> = {};
    for (const name in results) outputs[name] = fromOrtTensor(results[name]);
    return outputs;
  }

  async release(): Promise<void> {
    const session = this.#session;
    this.#session = undefined;
    await session?.release();
  }

  #toOrtTensor(tensor: Tensor): Ort.Tensor {
    const data = tensor.dtype === "float16" ? toHalves(tensor.data as Uint16Array) : tensor.data;
    return new this.#ort.Tensor(tensor.dtype, data as Ort.Tensor.DataType, tensor.shape);
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

function fromOrtTensor(tensor: Ort.Tensor): Tensor {
  const data = tensor.data as TensorData | { buffer: ArrayBuffer };
  return {
    dtype: tensor.type as TensorDtype,
    shape: tensor.dims,
    data: tensor.type === "float16" ? toHalfBits(data as Uint16Array) : data as TensorData,
  };
}

/** The runtime takes `Float16Array` where the engine has it, and bits in a `Uint16Array` elsewhere. */
function toHalves(bits: Uint16Array): unknown {
  const Halves = (globalThis as unknown as { Float16Array?: typeof Uint16Array }).Float16Array;
  return Halves === undefined ? bits : new Halves(bits.buffer, bits.byteOffset, bits.length);
}

function toHalfBits(halves: Uint16Array): Uint16Array {
  return halves instanceof Uint16Array ? halves : new Uint16Array(
    (halves as Uint16Array).buffer,
    (halves as Uint16Array).byteOffset,
    (halves as Uint16Array).length,
  );
}
