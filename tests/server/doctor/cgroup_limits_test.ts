import { deepStrictEqual } from "node:assert/strict";
import { readCgroupLimits } from "../../../server/doctor/mod.ts";

const V2_MOUNT = "30 23 0:27 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw\n";
const V1_MOUNTS = `32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct
35 31 0:32 /docker/abc /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory
41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw
`;

function read(files: Readonly<Record<string, string>>) {
  return readCgroupLimits((path) => files[path]);
}

Deno.test("readCgroupLimits() tells the tightest limits of a group of version 2 and of those around it", () => {
  deepStrictEqual(
    read({
      "/proc/self/cgroup": "0::/system.slice/marina.service\n",
      "/proc/self/mountinfo": V2_MOUNT,
      "/sys/fs/cgroup/system.slice/cpu.max": "150000 100000\n",
      "/sys/fs/cgroup/system.slice/memory.max": "max\n",
      "/sys/fs/cgroup/system.slice/marina.service/cpu.max": "max 100000\n",
      "/sys/fs/cgroup/system.slice/marina.service/memory.max": "536870912\n",
    }),
    { cores: 1.5, memoryBytes: 512 * 1024 * 1024 },
  );
});

Deno.test("readCgroupLimits() reads version 2 in a container, where the own group is the root of what is mounted", () => {
  deepStrictEqual(
    read({
      "/proc/self/cgroup": "0::/\n",
      "/proc/self/mountinfo": V2_MOUNT,
      "/sys/fs/cgroup/cpu.max": "200000 100000\n",
      "/sys/fs/cgroup/memory.max": "1073741824\n",
    }),
    { cores: 2, memoryBytes: 1024 ** 3 },
  );
});

Deno.test("readCgroupLimits() reads version 1, in a container, too", () => {
  deepStrictEqual(
    read({
      "/proc/self/cgroup": "8:memory:/docker/abc/inner\n3:cpu,cpuacct:/jobs\n0::/\n",
      "/proc/self/mountinfo": V1_MOUNTS,
      "/sys/fs/cgroup/cpu,cpuacct/jobs/cpu.cfs_quota_us": "50000\n",
      "/sys/fs/cgroup/cpu,cpuacct/jobs/cpu.cfs_period_us": "100000\n",
      "/sys/fs/cgroup/memory/inner/memory.limit_in_bytes": "268435456\n",
    }),
    { cores: 0.5, memoryBytes: 256 * 1024 * 1024 },
  );
});

Deno.test("readCgroupLimits() tells nothing where there is no limit and where there are no groups", () => {
  deepStrictEqual(
    read({
      "/proc/self/cgroup": "8:memory:/\n3:cpu,cpuacct:/\n",
      "/proc/self/mountinfo": V1_MOUNTS,
      "/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "-1\n",
      "/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000\n",
      "/sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
    }),
    {},
  );
  deepStrictEqual(read({}), {});
});
