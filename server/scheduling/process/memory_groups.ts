/** Control groups that keep the processes of workers within their memory. */
import { join } from "node:path";
import { createLog } from "../../logging/mod.ts";
import type { Clock } from "../clock.ts";
import { readTextFile } from "./control_groups.ts";
import {
  findMemoryGroupBase,
  type MemoryGroupBase,
  type NoMemoryGroups,
} from "./memory_group_base.ts";
import { leaveServerGroup, moveToServerGroup } from "./_server_group.ts";

const PREFIX = "marina-worker-";

/** A process that has ended leaves its group at once, but for the moment in which the kernel tidies up. */
const REMOVAL_TRIES = 50;
const REMOVAL_INTERVAL_MS = 20;

interface Limit {
  readonly file: string;
  /** @param bytes What the process may have. */
  readonly toText: (bytes: number) => string;
  /** Kernels without swap, or before the version named, have no such file. */
  readonly isOptional?: boolean;
}

/** The kernel takes no number with an exponent, and no larger one means more memory. */
const toBytesText = (bytes: number): string => String(Math.min(bytes, Number.MAX_SAFE_INTEGER));

/** In the order in which they are written; names and meaning are those of the kernel's cgroup documents. */
const LIMITS_BY_VERSION: Readonly<Record<1 | 2, readonly Limit[]>> = {
  1: [
    { file: "memory.limit_in_bytes", toText: toBytesText },
    // Memory and swap together.
    { file: "memory.memsw.limit_in_bytes", toText: toBytesText, isOptional: true },
  ],
  2: [
    { file: "memory.max", toText: toBytesText },
    { file: "memory.swap.max", toText: () => "0", isOptional: true },
    // All of the worker or nothing of it; since Linux 4.19.
    { file: "memory.oom.group", toText: () => "1", isOptional: true },
  ],
};

/** The file that counts processes which the kernel has ended for their memory. */
const EVENTS_BY_VERSION = { 1: "memory.oom_control", 2: "memory.events" } as const;

/** One process's own group. */
export interface MemoryGroup {
  /** Tells whether the kernel has ended the process because it wanted more than its limit. */
  hasRunOut(): boolean;
  /** To be called once the process has ended. */
  remove(): void;
}

/** Makes a group for each process that has a limit; where that is not allowed it says so once, in the log. */
export class MemoryGroups {
  readonly #clock: Clock;
  #base: MemoryGroupBase | undefined;
  #isOpen = false;
  #count = 0;
  /** The ends of the groups that there are. */
  readonly #ends = new Set<Promise<void>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Puts a process that has just been started into a group of its own, with this limit of all its memory.
   *
   * @returns Nothing where groups are not allowed: somebody else has to look after its memory then.
   */
  confine(pid: number, limitBytes: number): MemoryGroup | undefined {
    if (!this.#isOpen && Deno.build.os === "linux") this.#open();
    const base = this.#base;
    if (base === undefined) return undefined;
    const dir = join(base.dir, `${PREFIX}${Deno.pid}-${++this.#count}`);
    const end = Promise.withResolvers<void>();
    this.#ends.add(end.promise);
    const remove = async (): Promise<void> => {
      await removeGroup(dir, this.#clock);
      this.#ends.delete(end.promise);
      end.resolve();
    };
    try {
      enter(dir, pid, limitBytes, base.version);
    } catch (error) {
      remove();
      if (isGone(pid)) return undefined;
      log().warn("Cannot limit the memory of a worker's process by a control group", { error });
      return undefined;
    }
    return {
      hasRunOut: () => readKills(dir, base.version) > 0,
      remove,
    };
  }

  /** Resolves once no group is left; the caller has ended the processes. */
  async close(): Promise<void> {
    await Promise.all(this.#ends);
  }

  #open(): void {
    this.#isOpen = true;
    try {
      const base = findMemoryGroupBase();
      if ("refusal" in base) return tellRefusal(base);
      this.#base = prepare(base);
      const { version, dir: group } = base;
      log().info("Control groups limit the memory of workers' processes", { version, group });
    } catch (error) {
      tellRefusal({ refusal: error instanceof Error ? error.message : String(error) });
    }
  }
}

/**
 * Tells whether a server that is started now can limit memory by control groups; nothing is changed.
 *
 * @returns The group that workers' groups would be made in, or why there is none.
 */
export function probeMemoryGroups(): MemoryGroupBase | NoMemoryGroups {
  const base = findMemoryGroupBase();
  if ("refusal" in base) return base;
  const dir = join(base.dir, `${PREFIX}${Deno.pid}-0`);
  try {
    Deno.mkdirSync(dir);
    Deno.removeSync(dir);
    return base;
  } catch (error) {
    return { refusal: error instanceof Error ? error.message : String(error) };
  }
}

/** @throws {Error} If groups below cannot have limits, or cannot be made. */
function prepare(base: MemoryGroupBase): MemoryGroupBase {
  if (base.version === 2) handMemoryDown(base);
  removeAbandoned(base.dir);
  return base;
}

function handMemoryDown({ dir, mustLeave }: MemoryGroupBase): void {
  const path = join(dir, "cgroup.subtree_control");
  if (readTextFile(path)?.trim().split(" ").includes("memory")) return;
  if (mustLeave) moveToServerGroup(dir);
  try {
    Deno.writeTextFileSync(path, "+memory", { create: false });
  } catch (error) {
    if (mustLeave) leaveServerGroup(dir);
    throw error;
  }
}

/** Groups of servers that were killed: the kernel refuses to remove one that a process is in. */
function removeAbandoned(baseDir: string): void {
  for (const { name, isDirectory } of Deno.readDirSync(baseDir)) {
    if (!isDirectory || !name.startsWith(PREFIX)) continue;
    try {
      Deno.removeSync(join(baseDir, name));
    } catch {
      // A living server's, or gone already.
    }
  }
}

/** A server that starts beside this one may take the empty group for an abandoned one, once. */
function enter(dir: string, pid: number, limitBytes: number, version: 1 | 2): void {
  for (let isSecond = false;; isSecond = true) {
    try {
      Deno.mkdirSync(dir, { recursive: true });
      for (const { file, toText, isOptional } of LIMITS_BY_VERSION[version]) {
        try {
          Deno.writeTextFileSync(join(dir, file), toText(limitBytes), { create: false });
        } catch (error) {
          if (!isOptional) throw error;
        }
      }
      Deno.writeTextFileSync(join(dir, "cgroup.procs"), String(pid), { create: false });
      return;
    } catch (error) {
      if (isSecond || !(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
}

function readKills(dir: string, version: 1 | 2): number {
  const text = readTextFile(join(dir, EVENTS_BY_VERSION[version])) ?? "";
  return Number(/^oom_kill (\d+)$/m.exec(text)?.[1] ?? 0);
}

async function removeGroup(dir: string, clock: Clock): Promise<void> {
  for (let tries = 0; tries < REMOVAL_TRIES; tries++) {
    try {
      return Deno.removeSync(dir);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return;
      await new Promise<void>((resolve) => clock.schedule(REMOVAL_INTERVAL_MS, resolve));
    }
  }
}

function isGone(pid: number): boolean {
  return readTextFile(`/proc/${pid}/status`) === undefined;
}

function tellRefusal({ refusal, isBlind }: NoMemoryGroups): void {
  const reason = `control groups cannot be used: ${refusal}`;
  if (isBlind) {
    log().warn("Cannot limit the memory of workers' processes but for V8's heap", { reason });
  } else {
    log().info(
      "The server looks at the memory of workers' processes by itself, ten times a second",
      {
        reason,
      },
    );
  }
}

function log() {
  return createLog("workers");
}
