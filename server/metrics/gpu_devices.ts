import { NvidiaSmi, type NvidiaSmiOptions } from "./nvidia_smi.ts";

/** An NVIDIA device, as its driver tells of it; what it does not tell is absent. */
export interface GpuDevice {
  readonly index: number;
  readonly name: string;
  readonly memoryMegabytes?: number;
  /** The driver's version. */
  readonly driver?: string;
}

/** The devices, and why they cannot be told. */
export interface GpuListing {
  readonly devices: readonly GpuDevice[];
  /** Set when the tool is there and fails. */
  readonly failure?: string;
}

const QUERY = ["index", "name", "memory.total", "driver_version"];

/** Lists the NVIDIA devices; none where there is no driver. */
export async function listGpus(options: NvidiaSmiOptions = {}): Promise<GpuListing> {
  const answer = await new NvidiaSmi(options).query(QUERY);
  switch (answer.status) {
    case "absent":
      return { devices: [] };
    case "failed":
      return { devices: [], failure: `nvidia-smi: ${answer.reason}` };
    case "answered":
      return { devices: parseDevices(answer.text) };
  }
}

/**
 * Reads the lines of `listGpus()`'s query: index, name, mebibytes, driver.
 *
 * @example
 * ```ts
 * import { deepStrictEqual } from "node:assert";
 * import { parseDevices } from "./gpu_devices.ts";
 *
 * deepStrictEqual(parseDevices("0, NVIDIA H100 80GB HBM3, 81559, 570.86.15\n1, Tesla T4, [N/A], [N/A]\n"), [
 *   { index: 0, name: "NVIDIA H100 80GB HBM3", memoryMegabytes: 81559, driver: "570.86.15" },
 *   { index: 1, name: "Tesla T4" },
 * ]);
 * ```
 */
export function parseDevices(text: string): GpuDevice[] {
  const devices: GpuDevice[] = [];
  for (const line of text.split("\n")) {
    const [index, name, memory, driver] = line.split(",").map((field) => field.trim());
    if (index === undefined || !/^\d+$/.test(index) || name === undefined) continue;
    devices.push({
      index: Number(index),
      name,
      ...(memory !== undefined && /^\d+(\.\d+)?$/.test(memory)
        ? { memoryMegabytes: Number(memory) }
        : {}),
      ...(driver === undefined || driver === "" || driver.startsWith("[") ? {} : { driver }),
    });
  }
  return devices;
}
