/** The state of this machine, as `psutil` would tell it to TorchServe. */
import { statfs } from "node:fs/promises";
import { cpus } from "node:os";

/** Time of all cores together since the machine's start; units cancel out. */
export interface CpuTimes {
  readonly busy: number;
  readonly all: number;
}

export interface MemoryReading {
  readonly usedMegabytes: number;
  readonly availableMegabytes: number;
  readonly utilizationPercent: number;
}

export interface DiskReading {
  readonly usedGigabytes: number;
  readonly availableGigabytes: number;
  readonly utilizationPercent: number;
}

const MEGABYTE = 1024 ** 2;
const GIGABYTE = 1024 ** 3;

export function readCpuTimes(): CpuTimes {
  let busy = 0;
  let all = 0;
  for (const { times } of cpus()) {
    const total = times.user + times.nice + times.sys + times.idle + times.irq;
    all += total;
    busy += total - times.idle;
  }
  return { busy, all };
}

/** The share of time between two readings in which cores were busy, 0 to 100. */
export function toCpuPercent(before: CpuTimes, after: CpuTimes): number {
  const passed = after.all - before.all;
  return passed <= 0 ? 0 : Math.min(100, Math.max(0, 100 * (after.busy - before.busy) / passed));
}

/** Memory that programs have, and that they could still get without swapping. */
export function readMemory(): MemoryReading {
  const { total, available } = Deno.systemMemoryInfo();
  const used = Math.max(0, total - available);
  return {
    usedMegabytes: used / MEGABYTE,
    availableMegabytes: available / MEGABYTE,
    utilizationPercent: total === 0 ? 0 : 100 * used / total,
  };
}

/** The file system of `/`; what is kept for its administrator counts as neither used nor available. */
export async function readDisk(): Promise<DiskReading> {
  const { bsize, blocks, bfree, bavail } = await statfs("/");
  const used = (blocks - bfree) * bsize;
  const available = bavail * bsize;
  return {
    usedGigabytes: used / GIGABYTE,
    availableGigabytes: available / GIGABYTE,
    utilizationPercent: used + available === 0 ? 0 : 100 * used / (used + available),
  };
}
