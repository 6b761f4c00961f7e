import { NvidiaSmi, type NvidiaSmiOptions } from "./nvidia_smi.ts";

/** What `nvidia-smi` tells of one device. */
export interface GpuReading {
  /** The device's index as a label shows it. */
  readonly deviceId: string;
  readonly utilizationPercent?: number;
  readonly memoryUsedMegabytes?: number;
  readonly memoryUtilizationPercent?: number;
}

const QUERY = ["index", "utilization.gpu", "memory.used", "memory.total"];
/** Reads the devices' state; see {@linkcode createGpuReader}. */
export type ReadGpus = (signal: AbortSignal) => Promise<readonly GpuReading[] | undefined>;

/**
 * Makes what asks the driver's own tool for the state of every NVIDIA device.
 *
 * @returns A function that answers `undefined` when there is no such tool, which does not change, and `[]`
 * when it failed this time.
 */
export function createGpuReader(options: NvidiaSmiOptions = {}): ReadGpus {
  const tool = new NvidiaSmi(options);
  return async (signal) => {
    const answer = await tool.query(QUERY, signal);
    if (answer.status === "absent") return undefined;
    return answer.status === "answered" ? parseGpus(answer.text) : [];
  };
}

/**
 * Reads what `nvidia-smi` prints: one device a line, mebibytes and percents without their units.
 *
 * A value that the device does not tell (`[N/A]`) is left out.
 *
 * @example
 * ```ts
 * import { deepStrictEqual } from "node:assert";
 * import { parseGpus } from "./gpu_metrics.ts";
 *
 * deepStrictEqual(parseGpus("0, 37, 20480, 81920\n1, [N/A], [N/A], 81920\n"), [
 *   { deviceId: "0", utilizationPercent: 37, memoryUsedMegabytes: 20480, memoryUtilizationPercent: 25 },
 *   { deviceId: "1" },
 * ]);
 * ```
 */
export function parseGpus(text: string): GpuReading[] {
  const readings: GpuReading[] = [];
  for (const line of text.split("\n")) {
    const [index, utilization, used, total] = line.split(",").map((field) => field.trim());
    if (index === undefined || !/^\d+$/.test(index)) continue;
    const utilizationPercent = toNumber(utilization);
    const memoryUsedMegabytes = toNumber(used);
    const totalMegabytes = toNumber(total);
    const hasMemory = memoryUsedMegabytes !== undefined && totalMegabytes !== undefined;
    readings.push({
      deviceId: index,
      ...(utilizationPercent === undefined ? {} : { utilizationPercent }),
      ...(memoryUsedMegabytes === undefined ? {} : { memoryUsedMegabytes }),
      ...(hasMemory && totalMegabytes > 0
        ? { memoryUtilizationPercent: 100 * memoryUsedMegabytes / totalMegabytes }
        : {}),
    });
  }
  return readings;
}

function toNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^\d+(\.\d+)?$/.test(text) ? Number(text) : undefined;
}
