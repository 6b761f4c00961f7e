import denoConfig from "../deno.json" with { type: "json" };
import { prepareNativeRuntime, searchCuda } from "./_gpu_setup.ts";
import { createOwnCommand } from "./_own_command.ts";
import type { ServerConfig } from "./config/mod.ts";
import { hasSystemLibrary, toCudaHint } from "./cuda/mod.ts";
import { probeProvider, type ProviderName, type ProviderReport } from "./doctor/mod.ts";
import { createProcessStarter, createSystemClock, resolvePackagesDir } from "./scheduling/mod.ts";
import { RUNTIME_VERSION } from "./_runtime_version.ts";

/** SwiftShader, the slowest of all, takes 5 s on a busy machine. */
const PROBE_TIMEOUT_MS = 60_000;

/** Tries the CPU and each provider of the config in a worker of its own, all at the same time. */
export async function examineProviders(
  config: ServerConfig,
  vulkanManifests: readonly string[] | undefined,
): Promise<ProviderReport[]> {
  // A config without GPUs is asked about them, too: doctor tells what there would be.
  const native = await prepareNativeRuntime({ ...config, numberOfGpu: 1 });
  const { nativeDir } = native;
  const { tempDir } = config;
  const clock = createSystemClock();
  const startCarrier = createProcessStarter({
    clock,
    createCommand: createOwnCommand,
    tempDir,
    nativeDir,
  });
  const gpu = native.gpu ?? { providers: [], cudaPreload: [] };
  const probe = (name: ProviderName): Promise<ProviderReport> =>
    probeProvider(name, {
      startCarrier,
      gpu,
      gpuId: 0,
      tempDir,
      serverVersion: denoConfig.version,
      timeoutMs: PROBE_TIMEOUT_MS,
    });
  const reports = await Promise.all((["cpu", ...config.gpu.providers] as const).map(probe));
  return reports.map((report) => {
    const wayOut = report.works ? undefined : toWayOut(report.name);
    return wayOut === undefined ? report : { ...report, wayOut };
  });

  function toWayOut(name: ProviderName): string | undefined {
    if (Deno.build.os !== "linux" || name === "cpu") return undefined;
    if (name === "webgpu") return toVulkanHint(config, vulkanManifests ?? []);
    const search = searchCuda(config.gpu, nativeDir ?? resolvePackagesDir());
    return search === undefined ? undefined : toCudaHint(search, RUNTIME_VERSION);
  }
}

/** WebGPU needs Vulkan's loader, and the driver of a GPU: they say which of them there is. */
function toVulkanHint(
  { gpu }: ServerConfig,
  manifests: readonly string[],
): string | undefined {
  if (!hasSystemLibrary("libvulkan.so.1", gpu.loaderPath)) {
    return "install Vulkan's loader (Debian: libvulkan1) and the GPU's Vulkan driver";
  }
  if (manifests.length > 0) return undefined;
  return "install the GPU's Vulkan driver (Debian: mesa-vulkan-drivers for AMD and Intel; NVIDIA's brings its own)";
}
