import { delimiter, resolve } from "node:path";
import type { Environment } from "./_environment.ts";
import { ConfigError, type GpuConfig, type GpuProvider } from "./server_config.ts";

const PROVIDERS: readonly GpuProvider[] = ["cuda", "webgpu"];

/**
 * Reads what the environment says of GPUs.
 *
 * @param cwd Absolute; relative paths start here.
 * @throws {ConfigError} If `MARINA_GPU_PROVIDERS` names something else than providers.
 */
export function readGpuConfig(environment: Environment, cwd: string): GpuConfig {
  const { MARINA_GPU_PROVIDERS = "", MARINA_CUDA_DIR = "", LD_LIBRARY_PATH = "" } = environment;
  const { VK_DRIVER_FILES = "", VK_ICD_FILENAMES = "" } = environment;
  const names = MARINA_GPU_PROVIDERS.split(",").map((name) => name.trim()).filter(isGiven);
  const providers = names.map((name) => PROVIDERS.find((known) => known === name));
  if (providers.includes(undefined)) {
    throw new ConfigError(
      `Cannot start: environment variable MARINA_GPU_PROVIDERS must be "cuda", "webgpu" or both between commas, received "${MARINA_GPU_PROVIDERS}"`,
    );
  }
  const toPaths = (text: string, separator: string | RegExp): string[] =>
    text.split(separator).filter(isGiven).map((path) => resolve(cwd, path));
  return {
    providers: names.length === 0 ? PROVIDERS : providers as GpuProvider[],
    cudaDirs: toPaths(MARINA_CUDA_DIR, delimiter),
    loaderPath: toPaths(LD_LIBRARY_PATH, /[:;]/),
    vulkanManifests: toPaths(VK_DRIVER_FILES || VK_ICD_FILENAMES, delimiter),
  };
}

function isGiven(text: string): boolean {
  return text !== "";
}
