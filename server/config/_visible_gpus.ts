import type { Environment } from "./_environment.ts";
import { ConfigError } from "./server_config.ts";

const VARIABLES = ["CUDA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "XPU_VISIBLE_DEVICES"] as const;
const NUMBER_REGEXP = /^-?\d+$/;

/** As the CUDA driver also takes them, and as Kubernetes hands devices on. */
const CUDA_UUID_REGEXP = /^(GPU|MIG)-[0-9A-Za-z/-]+$/;

/**
 * The NVIDIA devices that this process may see: their files, fewer when `CUDA_VISIBLE_DEVICES` says so.
 *
 * @param deviceDir The folder of the device files.
 * @throws {ConfigError} If a variable is neither empty nor integers between commas; CUDA's may also hold the
 * devices' UUIDs.
 */
export async function countVisibleGpus(
  environment: Environment,
  deviceDir: string,
): Promise<number> {
  for (const variable of VARIABLES) assertDeviceIds(variable, environment[variable] ?? "");
  let found = 0;
  try {
    for await (const { name } of Deno.readDir(deviceDir)) if (/^nvidia\d+$/.test(name)) found++;
  } catch {
    return 0;
  }
  const visible = environment.CUDA_VISIBLE_DEVICES;
  return visible === undefined ? found : Math.min(found, countIds(visible));
}

function assertDeviceIds(variable: string, value: string): void {
  if (value.trim() === "") return;
  const takesUuids = variable === "CUDA_VISIBLE_DEVICES";
  const isId = (id: string) => NUMBER_REGEXP.test(id) || takesUuids && CUDA_UUID_REGEXP.test(id);
  if (value.split(",").every((id) => isId(id.trim()))) return;
  throw new ConfigError(
    `Cannot start: environment variable ${variable} must be integers${
      takesUuids ? " or UUIDs" : ""
    } between commas, received "${value}"`,
  );
}

/** CUDA looks at no id after the first negative one. */
function countIds(visible: string): number {
  const ids = visible.split(",").map((id) => id.trim()).filter((id) => id !== "");
  const end = ids.findIndex((id) => id.startsWith("-"));
  return end === -1 ? ids.length : end;
}
