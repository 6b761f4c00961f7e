import { deepStrictEqual } from "node:assert/strict";
import {
  findMemoryGroupBase,
  type MemoryGroupBase,
} from "../../../../server/scheduling/process/memory_group_base.ts";

const ROOT = 0;
const USER = 1000;
const MANAGED = "the control group of this server is managed by another program";
const V2_MOUNT = "30 23 0:27 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw\n";
const V1_MOUNT = "35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n";
const SERVICE = "/sys/fs/cgroup/system.slice/marina.service";

interface System {
  readonly uid: number;
  /** What `/proc/self/cgroup` says. */
  readonly groups: string;
  readonly mounts?: string;
  readonly files?: Readonly<Record<string, string>>;
  /** Of folders; the others are root's. */
  readonly owners?: Readonly<Record<string, number>>;
}

function find({ uid, groups, mounts = V2_MOUNT, files = {}, owners = {} }: System) {
  const texts: Record<string, string> = {
    "/proc/self/cgroup": groups,
    "/proc/self/mountinfo": mounts,
    ...files,
  };
  return findMemoryGroupBase({
    uid,
    hasAllPermissions: true,
    readText: (path) => texts[path],
    readOwner: (path) => owners[path] ?? ROOT,
  });
}

/** The files of a group of version 2 that may limit memory below it. */
function unified(dir: string, handedDown = ""): Record<string, string> {
  return {
    [`${dir}/cgroup.type`]: "domain\n",
    [`${dir}/cgroup.controllers`]: "cpu memory pids\n",
    [`${dir}/cgroup.subtree_control`]: `${handedDown}\n`,
  };
}

const TAKEN: readonly { what: string; system: System; base: MemoryGroupBase }[] = [
  {
    what:
      "a service's own group, which systemd has handed to its user, and has the server leave it",
    system: {
      uid: USER,
      groups: "0::/system.slice/marina.service\n",
      files: unified(SERVICE),
      owners: { [SERVICE]: USER },
    },
    base: { version: 2, dir: SERVICE, mustLeave: true },
  },
  {
    what: "the group around the server's, where systemd started it in one below (DelegateSubgroup)",
    system: {
      uid: USER,
      groups: "0::/system.slice/marina.service/main\n",
      files: unified(SERVICE),
      owners: { [SERVICE]: USER, [`${SERVICE}/main`]: USER },
    },
    base: { version: 2, dir: SERVICE, mustLeave: false },
  },
  {
    what: "the outermost group of a container",
    system: { uid: ROOT, groups: "0::/\n", files: unified("/sys/fs/cgroup") },
    base: { version: 2, dir: "/sys/fs/cgroup", mustLeave: true },
  },
  {
    what: "the outermost group of a container, which an earlier start has handed down",
    system: {
      uid: ROOT,
      groups: "0::/marina-server\n",
      files: unified("/sys/fs/cgroup", "memory"),
    },
    base: { version: 2, dir: "/sys/fs/cgroup", mustLeave: false },
  },
  {
    what: "the kernel's first group, in which the server may stay",
    system: {
      uid: ROOT,
      groups: "0::/\n",
      files: { "/sys/fs/cgroup/cgroup.controllers": "memory\n" },
    },
    base: { version: 2, dir: "/sys/fs/cgroup", mustLeave: false },
  },
  {
    what: "the outermost group of version 1, which has no rule about processes",
    system: { uid: ROOT, groups: "4:memory:/\n0::/\n", mounts: V1_MOUNT + V2_MOUNT },
    base: { version: 1, dir: "/sys/fs/cgroup/memory", mustLeave: false },
  },
];

Deno.test.each(TAKEN)("findMemoryGroupBase() takes $what", ({ system, base }) => {
  deepStrictEqual(find(system), base);
});

const SESSION = "/sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service";

const REFUSED: readonly { what: string; system: System; refusal: string }[] = [
  {
    what: "a service of root's, whose group stays its manager's",
    system: {
      uid: ROOT,
      groups: "0::/system.slice/marina.service\n",
      files: unified(SERVICE),
    },
    refusal: MANAGED,
  },
  {
    what: "a service of a user to whom nothing was handed",
    system: {
      uid: USER,
      groups: "0::/system.slice/marina.service\n",
      files: unified(SERVICE),
    },
    refusal: MANAGED,
  },
  {
    what: "a user's session, whose groups are the user's and are managed all the same",
    system: {
      uid: USER,
      groups: "0::/user.slice/user-1000.slice/user@1000.service/app.slice/run-1.scope\n",
      files: unified(`${SESSION}/app.slice/run-1.scope`),
      owners: Object.fromEntries(
        ["", "/app.slice", "/app.slice/run-1.scope"].map((end) => [SESSION + end, USER]),
      ),
    },
    refusal: MANAGED,
  },
  {
    what: "a group directly below the outermost one that is not the server's own",
    system: {
      uid: ROOT,
      groups: "0::/init.scope\n",
      files: { ...unified("/sys/fs/cgroup"), ...unified("/sys/fs/cgroup/init.scope") },
    },
    refusal: MANAGED,
  },
  {
    what: "a group without the memory controller",
    system: {
      uid: ROOT,
      groups: "0::/\n",
      files: { "/sys/fs/cgroup/cgroup.controllers": "hugetlb\n" },
    },
    refusal: "no control group here limits memory",
  },
  {
    what: "a mount of another namespace, whose folders are not those of the paths",
    system: {
      uid: ROOT,
      groups: "4:memory:/\n",
      mounts: "35 31 0:32 /../.. /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n",
    },
    refusal: "no control groups are to be seen",
  },
  {
    what: "a system without control groups",
    system: { uid: ROOT, groups: "", mounts: "" },
    refusal: "no control groups are to be seen",
  },
];

Deno.test.each(REFUSED)("findMemoryGroupBase() refuses $what", ({ system, refusal }) => {
  deepStrictEqual(find(system), { refusal });
});

Deno.test("findMemoryGroupBase() says that the server is blind where the runtime keeps /proc and /sys from it", () => {
  const facts = { uid: null, readText: () => undefined, readOwner: () => undefined };
  deepStrictEqual(findMemoryGroupBase({ ...facts, hasAllPermissions: false }), {
    refusal: "the runtime has to be started with all permissions (-A)",
    isBlind: true,
  });
});
