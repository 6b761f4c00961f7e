import { dirname, join } from "node:path";
import { prepareNativeFiles } from "./_native_files.ts";
import { ConfigError, type GpuConfig, type ServerConfig } from "./config/mod.ts";
import { type CudaSearch, findCuda, prepareCudaFolder, toCudaReason } from "./cuda/mod.ts";
import { type GpuSetup, resolvePackagesDir, resolveRuntimePlace } from "./scheduling/mod.ts";

/** Packages with native files besides onnxruntime: the image decoder's. */
const NATIVE_PACKAGES = ["@img"] as const;

/** Where workers open native files, and how they come to a GPU. */
export interface NativeRuntime {
  /** See `nativeDir` of `LoadMessage`. */
  readonly nativeDir: string | undefined;
  /** Absent where no worker is to use a GPU. */
  readonly gpu?: GpuSetup;
  /** What of the cache is in use, for `keepCacheFolders()`. */
  readonly cacheFolders: readonly string[];
}

/**
 * Makes everything ready that workers need of native files: what a compiled program carries is unpacked,
 * and CUDA's libraries are put where the runtime finds them, if all of them are there.
 *
 * @throws {ConfigError} If files cannot be written.
 */
export async function prepareNativeRuntime(config: ServerConfig): Promise<NativeRuntime> {
  const { cacheDir, numberOfGpu, gpu } = config;
  const nativeDir = await prepareNativeFiles(cacheDir);
  const cacheFolders = nativeDir === undefined ? [] : [nativeDir];
  if (numberOfGpu === 0) return { nativeDir, cacheFolders };
  const { providers } = gpu;
  if (!providers.includes("cuda")) {
    return { nativeDir, cacheFolders, gpu: { providers, cudaPreload: [] } };
  }
  const packagesDir = nativeDir ?? resolvePackagesDir();
  const search = searchCuda(gpu, packagesDir);
  const cudaReason = search === undefined ? "it is there on Linux alone" : toCudaReason(search);
  if (search === undefined || cudaReason !== undefined) {
    return { nativeDir, cacheFolders, gpu: { providers, cudaReason, cudaPreload: [] } };
  }
  const runtimeDir = join(packagesDir, resolveRuntimePlace());
  const own = search.libraries.filter(({ isOnLoaderPath }) => !isOnLoaderPath);
  if ([...own, ...search.providers].every(({ path }) => dirname(path) === runtimeDir)) {
    const cudaPreload = own.map(({ path }) => path);
    return { nativeDir, cacheFolders, gpu: { providers, cudaPreload } };
  }
  try {
    const options = { packagesDir, runtimeDir, nativePackages: NATIVE_PACKAGES, cacheDir };
    const folder = await prepareCudaFolder(search, options);
    return {
      nativeDir: folder.nativeDir,
      cacheFolders: [...cacheFolders, folder.nativeDir],
      gpu: { providers, cudaPreload: folder.preload },
    };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigError(
      `Cannot prepare CUDA: folder "${cacheDir}" must be writable, found ${reason}; name another as environment variable MARINA_CACHE_DIR`,
      { cause },
    );
  }
}

/**
 * Looks for CUDA's libraries as a server of this config does.
 *
 * @param packagesDir The folder of packages on the disk.
 * @returns `undefined` on systems that have none.
 */
export function searchCuda(
  { cudaDirs, loaderPath }: GpuConfig,
  packagesDir: string,
): CudaSearch | undefined {
  if (Deno.build.os !== "linux") return undefined;
  return findCuda({ folders: [...cudaDirs, join(packagesDir, resolveRuntimePlace())], loaderPath });
}
