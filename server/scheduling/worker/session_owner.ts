import type { ModelSession, TensorDtype, TensorInfo } from "../../../handlers/mod.ts";
import type { ChosenDevice } from "./execution_provider.ts";
import { type OnnxRuntime, openOnnxSession } from "./onnx_session.ts";

/** Bytes of one element; strings have no fixed size. */
const BYTES_BY_DTYPE: Readonly<Record<TensorDtype, number>> = {
  bool: 1,
  float16: 2,
  float32: 4,
  float64: 8,
  int8: 1,
  int16: 2,
  int32: 4,
  int64: 8,
  string: 0,
  uint8: 1,
  uint16: 2,
  uint32: 4,
  uint64: 8,
};

export interface SessionOwnerOptions {
  readonly modelDir: string;
  readonly device: ChosenDevice;
  /** Threads of one run, 1 or more. */
  readonly intraOpThreads: number;
}

/** Opens the sessions of one worker and releases every one of them, whether its handler does so or not. */
export class SessionOwner {
  readonly #ort: OnnxRuntime;
  readonly #options: SessionOwnerOptions;
  readonly #sessions: ModelSession[] = [];
  /** Sessions that the runtime is still building. */
  readonly #opening = new Set<Promise<ModelSession>>();
  #isReleasing = false;

  constructor(ort: OnnxRuntime, options: SessionOwnerOptions) {
    this.#ort = ort;
    this.#options = options;
  }

  /**
   * Opens a model file of the archive; `file` stays inside the model folder, `Context` has seen to it.
   *
   * @throws {Error} After `release()`, for a file of another format, and for what the runtime refuses.
   */
  async open(file: string): Promise<ModelSession> {
    // Only files of this name have been searched for references that leave the archive.
    if (!/\.onnx$/i.test(file)) {
      throw new Error(
        `Cannot open model "${file}": a file that ends in .onnx is required, PyTorch exports one with torch.onnx.export()`,
      );
    }
    if (this.#isReleasing) {
      throw new Error(`Cannot open model "${file}": the worker is being stopped`);
    }
    const { modelDir, device, intraOpThreads } = this.#options;
    const opening = openOnnxSession(this.#ort, `${modelDir}/${file}`, {
      provider: device.provider,
      gpuId: device.gpuId,
      intraOpThreads,
    });
    this.#opening.add(opening);
    try {
      const session = await opening;
      this.#sessions.push(session);
      return session;
    } finally {
      this.#opening.delete(opening);
    }
  }

  /** Bytes of one row, when the worker has one model with one input whose rows have a fixed size. */
  rowBytes(): number | undefined {
    if (this.#sessions.length !== 1) return undefined;
    const { inputs } = this.#sessions[0];
    return inputs.length === 1 ? countRowBytes(inputs[0]) : undefined;
  }

  /** True if every output of the worker's models is a float, and there is one. */
  hasFloatOutputs(): boolean {
    const outputs = this.#sessions.flatMap((session) => session.outputs);
    return outputs.length > 0 && outputs.every(({ dtype }) => dtype.startsWith("float"));
  }

  /**
   * Waits for sessions that are being built, too, and lets no handler begin another: a process that ends
   * while the runtime builds one in a thread crashes.
   */
  async release(): Promise<void> {
    this.#isReleasing = true;
    while (this.#opening.size > 0) await Promise.allSettled(this.#opening);
    for (const session of this.#sessions.splice(0)) await session.release();
  }
}

function countRowBytes(input: TensorInfo): number | undefined {
  let bytes = BYTES_BY_DTYPE[input.dtype];
  for (const dimension of input.shape.slice(1)) {
    if (typeof dimension !== "number" || dimension <= 0) return undefined;
    bytes *= dimension;
  }
  return input.shape.length > 1 && bytes > 0 ? bytes : undefined;
}
