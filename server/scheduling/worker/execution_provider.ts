/** The one place that chooses where a worker's sessions run. */

import { basename } from "node:path";
import { type DeviceRequest, GPU_REFUSAL, type GpuSetup } from "../protocol.ts";
import { type ExecutionProvider, type OnnxRuntime, openOnnxSession } from "./onnx_session.ts";
import { PROBE_MODEL } from "./probe_model.ts";

/** Where the sessions of a worker run. */
export interface ChosenDevice {
  readonly provider: ExecutionProvider;
  /** The device's index, `null` on the CPU. */
  readonly gpuId: number | null;
  /** Why a GPU that was asked for is not used; absent otherwise. */
  readonly fallbackReason?: string;
}

/** What CUDA says among places of the runtime's source, the machine's name and the line of code. */
const CUDA_FAILURE_REGEXP = /\b(?:CUDA|CUDNN|CUBLAS|CUFFT) failure \d+: [^;]+/;

/** No device that was asked for can be used; the message names all that were tried. */
export class DeviceUnavailableError extends Error {
  override readonly name = "DeviceUnavailableError";
}

/** The source place and the condition that onnxruntime puts before some of its own sentences. */
const RUNTIME_PLACE_REGEXP = /^\/\S+\.cc:\d+ .*? was false\. /s;

/** For a server that has not looked for GPUs. */
const NO_SETUP: GpuSetup = {
  providers: ["cuda", "webgpu"],
  cudaReason: "its libraries have not been looked for",
  cudaPreload: [],
};

/**
 * Chooses the first provider that works: CUDA if its libraries load, else WebGPU if there is an adapter,
 * else the CPU.
 *
 * @param request What the worker was given; no device means the CPU without a try.
 * @param setup What the server found, and the order in which providers are tried.
 * @throws {DeviceUnavailableError} If the GPU is required and no provider works.
 */
export async function chooseExecutionProvider(
  ort: OnnxRuntime,
  request: DeviceRequest,
  setup: GpuSetup = NO_SETUP,
): Promise<ChosenDevice> {
  const { gpuId, mayFallBack } = request;
  if (gpuId === null) return { provider: "cpu", gpuId: null };
  const reasons: string[] = [];
  for (const provider of setup.providers) {
    try {
      if (provider === "cuda") openCudaLibraries(setup);
      const probe = await openOnnxSession(ort, PROBE_MODEL, { provider, gpuId, intraOpThreads: 1 });
      await probe.release();
      return { provider, gpuId };
    } catch (error) {
      reasons.push(`${provider}: ${toReason(error)}`);
    }
  }
  const reason = reasons.join("; ");
  if (mayFallBack) return { provider: "cpu", gpuId: null, fallbackReason: reason };
  throw new DeviceUnavailableError(`${GPU_REFUSAL}${reason}`);
}

/**
 * The provider names the libraries that it needs without saying where they are: the system's loader takes
 * those that are open already. They stay open as long as the worker runs.
 */
function openCudaLibraries({ cudaReason, cudaPreload }: GpuSetup): void {
  if (cudaReason !== undefined) throw new Error(cudaReason);
  for (const path of cudaPreload) {
    try {
      Deno.dlopen(path, {});
    } catch (cause) {
      throw new Error(`${basename(path)} cannot be opened`, { cause });
    }
  }
}

function toReason(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const failure = CUDA_FAILURE_REGEXP.exec(message)?.[0];
  return failure?.trim() ?? message.replace(RUNTIME_PLACE_REGEXP, "").trim();
}
