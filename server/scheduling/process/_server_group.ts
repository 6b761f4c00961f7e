/** The server's own place when it has handed its control group to its workers. */
import { join } from "node:path";
import { readTextFile } from "./control_groups.ts";
import { SERVER_GROUP } from "./memory_group_base.ts";

/**
 * Moves this process from its control group of version 2 to one directly below, and with it the processes
 * that started it and that it has started: no process may be in a group that hands controllers down.
 *
 * @throws {Error} If there are others in the group; nothing was moved then.
 */
export function moveToServerGroup(dir: string): void {
  const pids = listPids(dir);
  const family = listFamily(pids);
  const strangers = pids.filter((pid) => !family.has(pid));
  if (strangers.length > 0) {
    throw new Error(
      `the server must be alone in its control group, found ${strangers.length} other processes`,
    );
  }
  const serverDir = join(dir, SERVER_GROUP);
  Deno.mkdirSync(serverDir, { recursive: true });
  const procs = join(serverDir, "cgroup.procs");
  for (const pid of pids) Deno.writeTextFileSync(procs, String(pid), { create: false });
}

/** Undoes {@linkcode moveToServerGroup} when the group cannot be handed over all the same. */
export function leaveServerGroup(dir: string): void {
  const serverDir = join(dir, SERVER_GROUP);
  const procs = join(dir, "cgroup.procs");
  for (const pid of listPids(serverDir)) {
    Deno.writeTextFileSync(procs, String(pid), { create: false });
  }
  Deno.removeSync(serverDir);
}

/** Those of another process namespace are told as 0. */
export function listPids(dir: string): number[] {
  const text = Deno.readTextFileSync(join(dir, "cgroup.procs"));
  return text.split("\n").filter((line) => line !== "").map(Number);
}

/** This process, those that it descends from, and those of `pids` that descend from it. */
function listFamily(pids: readonly number[]): Set<number> {
  const ancestors = listAncestors(Deno.pid);
  const descendants = pids.filter((pid) => listAncestors(pid).includes(Deno.pid));
  return new Set([...ancestors, ...descendants]);
}

/** The process itself, its parent, and so on. */
function listAncestors(pid: number): number[] {
  const ancestors: number[] = [];
  for (let current = pid; current > 0 && !ancestors.includes(current);) {
    ancestors.push(current);
    const status = readTextFile(`/proc/${current}/status`) ?? "";
    current = Number(/^PPid:\s+(\d+)$/m.exec(status)?.[1] ?? 0);
  }
  return ancestors;
}
