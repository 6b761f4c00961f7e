/** What the kernel's control groups allow this process. */
import { join } from "node:path";
import { locateControlGroups, type ReadText, readTextFile } from "../scheduling/mod.ts";

export interface CgroupLimits {
  /** CPU time, in cores. */
  readonly cores?: number;
  readonly memoryBytes?: number;
}

/** Version 1 says "no limit" as the largest page-aligned number. */
const NO_LIMIT_BYTES = 2 ** 62;

/**
 * Reads the limits of CPU time and memory, of version 1 and 2 of control groups, both where both are there.
 * The limits of all groups around this process's own hold, too: the tightest is told.
 *
 * @returns Nothing where there are no control groups, as on other systems than Linux.
 */
export function readCgroupLimits(readText: ReadText = readTextFile): CgroupLimits {
  const groups = locateControlGroups(readText);
  const cores: number[] = [];
  const memory: number[] = [];
  for (const { isUnified, controllers, dirs } of groups) {
    for (const dir of dirs) {
      const read = (name: string) => readText(join(dir, name))?.trim();
      if (isUnified || controllers.includes("cpu")) {
        const [quota, period] = isUnified
          ? read("cpu.max")?.split(" ") ?? []
          : [read("cpu.cfs_quota_us"), read("cpu.cfs_period_us")];
        const limit = Number(quota) / Number(period);
        if (limit > 0 && Number.isFinite(limit)) cores.push(limit);
      }
      if (isUnified || controllers.includes("memory")) {
        const limit = Number(read(isUnified ? "memory.max" : "memory.limit_in_bytes") || NaN);
        if (limit > 0 && limit < NO_LIMIT_BYTES) memory.push(limit);
      }
    }
  }
  return {
    ...(cores.length === 0 ? {} : { cores: Math.min(...cores) }),
    ...(memory.length === 0 ? {} : { memoryBytes: Math.min(...memory) }),
  };
}
