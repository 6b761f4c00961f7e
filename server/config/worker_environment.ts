import { type Environment, readEnvironment } from "./_environment.ts";

/** What the runtime, the loader of libraries and the drivers of devices look at; nothing of these is a secret. */
const PASSED_NAMES: readonly string[] = [
  // Where the runtime has its packages and the system its libraries.
  ...["DENO_DIR", "HOME", "XDG_CACHE_HOME", "USERPROFILE", "LOCALAPPDATA", "SystemRoot", "PATH"],
  ...["MARINA_CACHE_DIR", "MARINA_CUDA_DIR", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"],
  ...["TMPDIR", "TMP", "TEMP", "LANG", "LC_ALL", "TZ"],
  // Which devices there are.
  ...["CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER", "NVIDIA_VISIBLE_DEVICES"],
  ...["NVIDIA_DRIVER_CAPABILITIES", "VK_DRIVER_FILES", "VK_ICD_FILENAMES", "XDG_RUNTIME_DIR"],
  ...["OMP_NUM_THREADS"],
];

/**
 * The environment of a worker's process: what it needs to run at all, and nothing else. Keys, tokens and the
 * server's own settings stay where they are.
 */
export function createWorkerEnvironment(
  environment: Environment = readEnvironment(),
): Record<string, string> {
  const passed: Record<string, string> = {};
  for (const name of PASSED_NAMES) {
    const value = environment[name];
    if (value !== undefined) passed[name] = value;
  }
  return passed;
}
