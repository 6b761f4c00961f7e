/** Which of the kernel's control groups this process is in. */
import { join } from "node:path";

/** How small files are read; nothing for one that cannot be. */
export type ReadText = (path: string) => string | undefined;

/** A group that this process is in. */
export interface ControlGroup {
  /** Of version 2, whose one group is all controllers'. */
  readonly isUnified: boolean;
  /** Of version 1: `cpu`, `memory` …; empty in version 2. */
  readonly controllers: readonly string[];
  /** The folders of the groups around it, outermost first, and its own as the last. */
  readonly dirs: readonly string[];
}

/**
 * Finds the groups of this process, of version 1 and 2, as far as they can be seen in the file system.
 *
 * The forms of both files are those of proc_pid_cgroup(5) and proc_pid_mountinfo(5).
 *
 * @returns Nothing where there are no control groups, as on other systems than Linux.
 */
export function locateControlGroups(readText: ReadText = readTextFile): ControlGroup[] {
  const mountText = readText("/proc/self/mountinfo") ?? "";
  const groups: ControlGroup[] = [];
  for (const line of (readText("/proc/self/cgroup") ?? "").split("\n")) {
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
    // Mounted outside this process's namespace: its folders are not those of the paths told here.
    if (root.startsWith("/..")) continue;
    const isWanted = controllers.length === 0
      ? type === "cgroup2"
      : type === "cgroup" && controllers.every((name) => options.split(",").includes(name));
    if (isWanted) return { root: root === "/" ? "" : root, dir };
  }
  return undefined;
}

/** The file's text; nothing when there is none, or it may not be read. */
export function readTextFile(path: string): string | undefined {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return undefined;
  }
}
