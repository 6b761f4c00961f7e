/** What the kernel's control groups allow this process. */
import { join } from "node:path";

export interface CgroupLimits {
  /** CPU time, in cores. */
  readonly cores?: number;
  readonly memoryBytes?: number;
}

/** How files are read; the system's own unless given. */
export type ReadText = (path: string) => string | undefined;

/** A group that this process is in. */
interface Group {
  readonly isUnified: boolean;
  /** Of version 1: `cpu`, `memory` …; empty in version 2. */
  readonly controllers: readonly string[];
  /** The group's folder, and those of the groups around it. */
  readonly dirs: readonly string[];
}

/** Version 1 says "no limit" as the largest page-aligned number. */
const NO_LIMIT_BYTES = 2 ** 62;

/**
 * Reads the limits of CPU time and memory, of version 1 and 2 of control groups, both where both are there.
 * The limits of all groups around this process's own hold, too: the tightest is told.
 *
 * @returns Nothing where there are no control groups, as on other systems than Linux.
 */
export function readCgroupLimits(readText: ReadText = readFile): CgroupLimits {
  const groups = locateGroups(
    readText("/proc/self/cgroup") ?? "",
    readText("/proc/self/mountinfo") ?? "",
  );
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

/** The forms of both files are those of proc_pid_cgroup(5) and proc_pid_mountinfo(5). */
function locateGroups(cgroupText: string, mountText: string): Group[] {
  const groups: Group[] = [];
  for (const line of cgroupText.split("\n")) {
    const [, names, ...rest] = line.split(":");
    if (names === undefined || rest.length === 0) continue;
    const controllers = names === "" ? [] : names.split(",");
    const mount = findMount(mountText, controllers);
    if (mount === undefined) continue;
    const path = rest.join(":");
    // In a container the mount shows the group's own folder as its root.
    const below = path.startsWith(mount.root) ? path.slice(mount.root.length) : path;
    const steps = below.split("/").filter((step) => step !== "" && step !== "..");
    const dirs = steps.map((_step, index) => join(mount.dir, ...steps.slice(0, index + 1)));
    groups.push({ isUnified: names === "", controllers, dirs: [mount.dir, ...dirs] });
  }
  return groups;
}

function findMount(
  mountText: string,
  controllers: readonly string[],
): { readonly root: string; readonly dir: string } | undefined {
  for (const line of mountText.split("\n")) {
    const [before, after] = line.split(" - ");
    const [, , , root, dir] = before?.split(" ") ?? [];
    const [type, , options = ""] = after?.split(" ") ?? [];
    if (root === undefined || dir === undefined) continue;
    const isWanted = controllers.length === 0
      ? type === "cgroup2"
      : type === "cgroup" && controllers.every((name) => options.split(",").includes(name));
    if (isWanted) return { root: root === "/" ? "" : root, dir };
  }
  return undefined;
}

function readFile(path: string): string | undefined {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return undefined;
  }
}
