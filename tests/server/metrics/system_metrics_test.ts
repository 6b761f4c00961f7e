import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { parseGpus } from "../../../server/metrics/gpu_metrics.ts";
import { readDisk, readMemory, toCpuPercent } from "../../../server/metrics/host_metrics.ts";
import { SystemMetrics } from "../../../server/metrics/system_metrics.ts";
import { ManualClock } from "../../support/manual_clock.ts";

/** In the form of its CSV output, a device that tells nothing among them; written by hand. */
const NVIDIA_SMI = "0, 37, 1432, 81559\n1, [N/A], [Not Supported], 81559\nNo devices were found\n";

Deno.test("parseGpus() reads what nvidia-smi prints and leaves out what it does not tell (§5)", () => {
  deepStrictEqual(parseGpus(NVIDIA_SMI), [
    {
      deviceId: "0",
      utilizationPercent: 37,
      memoryUsedMegabytes: 1432,
      memoryUtilizationPercent: 100 * 1432 / 81559,
    },
    { deviceId: "1" },
  ]);
  deepStrictEqual(parseGpus(""), []);
});

Deno.test.each([
  [{ busy: 10, all: 100 }, { busy: 35, all: 200 }, 25],
  [{ busy: 10, all: 100 }, { busy: 10, all: 100 }, 0],
  [{ busy: 0, all: 0 }, { busy: 90, all: 90 }, 100],
])("toCpuPercent() of %o and %o is %d", (before, after, percent) => {
  strictEqual(toCpuPercent(before, after), percent);
});

Deno.test("readMemory() and readDisk() tell what this machine has, within its bounds", async () => {
  const memory = readMemory();
  const totalBytes = Deno.systemMemoryInfo().total;
  ok(memory.usedMegabytes > 0 && memory.availableMegabytes > 0);
  ok(Math.abs((memory.usedMegabytes + memory.availableMegabytes) * 1024 ** 2 - totalBytes) < 1024);
  ok(memory.utilizationPercent > 0 && memory.utilizationPercent < 100);
  const disk = await readDisk();
  ok(disk.usedGigabytes > 0 && disk.availableGigabytes > 0);
  ok(disk.utilizationPercent > 0 && disk.utilizationPercent < 100);
});

Deno.test("SystemMetrics records at once and in each interval, until it is stopped (§5)", async () => {
  const clock = new ManualClock();
  const recorded: string[] = [];
  let asked = 0;
  const done: (() => void)[] = [];
  const readings = [[{ deviceId: "0", utilizationPercent: 5, memoryUsedMegabytes: 6 }], undefined];
  const system = new SystemMetrics({
    intervalMs: 60_000,
    clock,
    hasGpus: true,
    record: (name, _value, device) =>
      recorded.push(device === undefined ? name : `${name} ${device}`),
    onFailure: (error) => {
      throw error;
    },
    readGpus: () => {
      queueMicrotask(() => done.shift()?.());
      return Promise.resolve(readings[asked++]);
    },
  });
  const collected = () => new Promise<void>((resolve) => done.push(resolve));
  let next = collected();
  system.start();
  await next;
  await clock.advance(0);
  deepStrictEqual(recorded, [
    "CPUUtilization",
    "MemoryUsed",
    "MemoryAvailable",
    "MemoryUtilization",
    "DiskUsage",
    "DiskUtilization",
    "DiskAvailable",
    "GPUMemoryUsed 0",
    "GPUUtilization 0",
  ]);
  deepStrictEqual(clock.pendingDelaysMs, [60_000]);
  next = collected();
  await clock.advance(60_000);
  await next;
  await clock.advance(0);
  strictEqual(recorded.length, 16);
  // There was no nvidia-smi: it is not looked for again.
  await clock.advance(60_000);
  await system.stop();
  strictEqual(asked, 2);
  strictEqual(recorded.length, 23);
  deepStrictEqual(clock.pendingDelaysMs, []);
});
