/** Where this server may make control groups that limit memory, if it may at all. */
import { basename } from "node:path";
import { type ControlGroup, locateControlGroups, readTextFile } from "./control_groups.ts";

/** The group that a server goes to when processes may be in groups without groups of their own only. */
export const SERVER_GROUP = "marina-server";

/** A group below which groups for workers can be made. */
export interface MemoryGroupBase {
  /** Of control groups, whose files have different names. */
  readonly version: 1 | 2;
  readonly dir: string;
  /** Version 2 limits no memory below `dir` while processes are in it, and the server is one of them. */
  readonly mustLeave: boolean;
}

/** Why there is no such group. */
export interface NoMemoryGroups {
  readonly refusal: string;
  /** Set where the server may not look at its processes' memory by itself either. */
  readonly isBlind?: true;
}

/** What is asked of the system; its own answers unless given. */
export interface GroupFacts {
  readText(path: string): string | undefined;
  /** The number of the user whose folder it is; nothing when it cannot be told. */
  readOwner(path: string): number | undefined;
  /** This process's user. */
  readonly uid: number | null;
  /** The runtime lets nobody else look into `/proc` and `/sys`. */
  readonly hasAllPermissions: boolean;
}

/**
 * Looks for the group that was handed to this server, and changes nothing.
 *
 * A group is this server's own when nobody else manages it:
 *
 * - it is the outermost one that this process can see, and its user's, as in a container with a namespace
 *   of its own whose control groups are writable, and on a machine that runs nothing but a server; or
 * - it is this user's, who is not root, and the one around it is not, as systemd's `Delegate=` leaves it.
 *
 * The server may also be in a group directly below, as systemd's `DelegateSubgroup=` or an earlier start
 * leaves it. All other groups are those of a service manager, which expects to be their only writer
 * ([systemd on delegation](https://systemd.io/CGROUP_DELEGATION/)): they stay as they are, even where
 * they could be written to.
 */
export function findMemoryGroupBase(
  facts: GroupFacts = createSystemFacts(),
): MemoryGroupBase | NoMemoryGroups {
  if (!facts.hasAllPermissions) {
    return { refusal: "the runtime has to be started with all permissions (-A)", isBlind: true };
  }
  const groups = locateControlGroups(facts.readText);
  if (groups.length === 0) return { refusal: "no control groups are to be seen" };
  const group = groups.find((group) => hasMemory(group, facts));
  if (group === undefined) return { refusal: "no control group here limits memory" };
  const { isUnified, dirs } = group;
  const last = dirs.length - 1;
  if (isOwn(dirs, last, facts)) {
    const mustLeave = isUnified && !isRealRoot(dirs[last]!, facts) &&
      !listWords(dirs[last]!, "cgroup.subtree_control", facts).includes("memory");
    return { version: isUnified ? 2 : 1, dir: dirs[last]!, mustLeave };
  }
  // The outermost group has no owner by which it differs from any other: only the server's own folder does.
  const isBelowOwn = isOwn(dirs, last - 1, facts) &&
    (last > 1 && facts.uid !== 0 || basename(dirs[last]!) === SERVER_GROUP);
  if (isUnified && isBelowOwn) return { version: 2, dir: dirs[last - 1]!, mustLeave: false };
  return { refusal: "the control group of this server is managed by another program" };
}

/** In version 2 a group below its own has the controllers that the own one hands down, none at first. */
function hasMemory({ isUnified, controllers, dirs }: ControlGroup, facts: GroupFacts): boolean {
  if (!isUnified) return controllers.includes("memory");
  return dirs.slice(-2).some((dir) =>
    listWords(dir, "cgroup.controllers", facts).includes("memory")
  );
}

function isOwn(dirs: readonly string[], index: number, { readOwner, uid }: GroupFacts): boolean {
  const dir = dirs[index];
  if (dir === undefined || uid === null || readOwner(dir) !== uid) return false;
  return index === 0 || uid !== 0 && readOwner(dirs[index - 1]!) !== uid;
}

/** The kernel's first group, in which processes may be beside groups: it alone has no type. */
function isRealRoot(dir: string, { readText }: GroupFacts): boolean {
  return readText(`${dir}/cgroup.type`) === undefined;
}

function listWords(dir: string, name: string, { readText }: GroupFacts): string[] {
  return (readText(`${dir}/${name}`) ?? "").trim().split(" ");
}

const PERMISSIONS = ["read", "write", "net", "env", "sys", "run", "ffi"] as const;

function createSystemFacts(): GroupFacts {
  const hasAllPermissions = PERMISSIONS.every((name) =>
    Deno.permissions.querySync({ name }).state === "granted"
  );
  return {
    hasAllPermissions,
    readText: readTextFile,
    readOwner(path) {
      try {
        return Deno.statSync(path).uid ?? undefined;
      } catch {
        return undefined;
      }
    },
    uid: hasAllPermissions ? Deno.uid() : null,
  };
}
