/** A `ModelSession` on the real runtime, for tests of handlers without a server. */

import type { ModelSession, Tensor, TensorData, TensorDtype, TensorInfo } from "marina";

Deno.env.set("ORT_DISABLE_TELEMETRY", "1");
const ort = await import("onnxruntime-node");
keepHalvesAsBits();

/** Opens a model file; the caller releases it. */
export async function openOnnxSession(path: string): Promise<ModelSession> {
  const session = await ort.InferenceSession.create(path, {
    intraOpNumThreads: 1,
    logSeverityLevel: 4,
  });
  let isReleased = false;
  return {
    inputs: session.inputMetadata.map(toInfo),
    outputs: session.outputMetadata.map(toInfo),
    async run(feeds) {
      const given = Object.entries(feeds).map(([name, { dtype, data, shape }]) =>
        [name, new ort.Tensor(dtype as "float32", data as Float32Array, shape)] as const
      );
      const answers = await session.run(Object.fromEntries(given));
      return Object.fromEntries(
        Object.entries(answers).map(([name, tensor]) => [name, toTensor(tensor as OrtTensor)]),
      );
    },
    async release() {
      if (isReleased) return;
      isReleased = true;
      await session.release();
    },
  };
}

interface OrtTensor {
  readonly type: string;
  readonly dims: readonly number[];
  readonly data: unknown;
}

function toTensor({ type, dims, data }: OrtTensor): Tensor {
  return { dtype: type as TensorDtype, shape: [...dims], data: data as TensorData };
}

function toInfo(
  metadata: { readonly name: string; readonly isTensor: boolean },
): TensorInfo {
  const { name, type, shape } = metadata as typeof metadata & {
    readonly type: TensorDtype;
    readonly shape: readonly (number | string)[];
  };
  return { name, dtype: type, shape };
}

/**
 * The runtime's native part sees 0 elements in a `Float16Array`. Its first tensor decides which array `float16`
 * has: without that global it is `Uint16Array`, which works.
 */
function keepHalvesAsBits(): void {
  const scope = globalThis as { Float16Array?: unknown };
  const halves = scope.Float16Array;
  delete scope.Float16Array;
  new ort.Tensor("uint8", [0], [1]);
  scope.Float16Array = halves;
}
