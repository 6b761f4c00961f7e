import { type CudaSearch, PROVIDER_LIBRARIES } from "./find_cuda.ts";

const DRIVER_LIBRARY = "libcuda.so.1";
const LIBRARY_REGEXP = /^lib([A-Za-z]+)\.so\.(\d+)/;

/** PyPI's packages by the library that they bring; NVIDIA numbers both alike. */
const PACKAGE_BY_LIBRARY: Readonly<Record<string, string>> = {
  cublas: "nvidia-cublas",
  cublasLt: "nvidia-cublas",
  cudart: "nvidia-cuda-runtime",
  cudnn: "nvidia-cudnn",
  cufft: "nvidia-cufft",
  curand: "nvidia-curand",
  nvJitLink: "nvidia-nvjitlink",
  nvrtc: "nvidia-cuda-nvrtc",
};

/**
 * Says what to install so that CUDA can be used; `undefined` when nothing is missing.
 *
 * @param runtimeVersion Of onnxruntime: its provider has to be of the same version.
 */
export function toCudaHint(
  { missing, missingOnDemand }: Pick<CudaSearch, "missing" | "missingOnDemand">,
  runtimeVersion: string,
): string | undefined {
  const names = [...missing, ...missingOnDemand].map(({ name }) => name);
  // Nobody knows yet what the provider will need: pip does.
  if (names.some((name) => PROVIDER_LIBRARIES.includes(name))) {
    return `pip install --target DIR "onnxruntime-gpu[cuda,cudnn]==${runtimeVersion}", and set MARINA_CUDA_DIR=DIR`;
  }
  const parts: string[] = [];
  const packages = new Set<string>();
  const cudaMajor = names.map((name) => /^libcudart\.so\.(\d+)/.exec(name)?.[1]).find(Boolean) ??
    names.map((name) => /^libcublas(?:Lt)?\.so\.(\d+)/.exec(name)?.[1]).find(Boolean) ?? "13";
  for (const name of names) {
    const [, library, major] = LIBRARY_REGEXP.exec(name) ?? [];
    const pack = library === undefined ? undefined : PACKAGE_BY_LIBRARY[library];
    if (pack !== undefined) packages.add(`${toPackageName(pack, cudaMajor)}==${major}.*`);
  }
  if (names.includes(DRIVER_LIBRARY)) {
    parts.push("install NVIDIA's driver, in a container start it with the GPUs (--gpus all)");
  }
  if (packages.size > 0) {
    const list = [...packages].map((name) => `"${name}"`).join(" ");
    parts.push(`pip install --no-deps --target DIR ${list}, and set MARINA_CUDA_DIR=DIR`);
  }
  const other = names.filter((name) =>
    name !== DRIVER_LIBRARY && !((LIBRARY_REGEXP.exec(name)?.[1] ?? "") in PACKAGE_BY_LIBRARY)
  );
  if (other.length > 0) parts.push(`install ${other.join(", ")} with the system's packages`);
  return parts.length === 0 ? undefined : parts.join("; ");
}

/** Up to CUDA 12 its version is in every name, since 13 in that of cuDNN alone. */
function toPackageName(name: string, cudaMajor: string): string {
  return Number(cudaMajor) < 13 || name === "nvidia-cudnn" ? `${name}-cu${cudaMajor}` : name;
}
