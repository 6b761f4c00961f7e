import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { delimiter, join } from "node:path";
import { createGpuReader } from "../../../server/metrics/gpu_metrics.ts";
import { listGpus } from "../../../server/metrics/gpu_devices.ts";

/** In the forms of the tool's CSV output, with what devices without the ability print; written by hand. */
const STATE = `0, 37, 1432, 81559
1, [N/A], [Not Supported], 81559
2, [Unknown Error], 12, [N/A]
`;
const DEVICES = `0, NVIDIA H100 80GB HBM3, 81559, 570.86.15
1, Tesla T4, [N/A], [N/A]
`;

const isWindows = Deno.build.os === "windows";
const reason = isWindows ? " (skipped: the tool's stand-in is a shell script)" : "";

/** Puts a program of this name and text before all others, for as long as the object lives. */
async function createTool(script: string): Promise<AsyncDisposable & { readonly dir: string }> {
  const dir = await Deno.makeTempDir();
  await Deno.writeTextFile(join(dir, "nvidia-smi"), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  const path = Deno.env.get("PATH")!;
  Deno.env.set("PATH", [dir, path].join(delimiter));
  return {
    dir,
    async [Symbol.asyncDispose]() {
      Deno.env.set("PATH", path);
      await Deno.remove(dir, { recursive: true });
    },
  };
}

function print(text: string): string {
  return `cat <<'END'\n${text}END`;
}

const never = () => new AbortController().signal;

Deno.test({
  name: `createGpuReader() reads each device, and leaves out what is [N/A] (§5)${reason}`,
  ignore: isWindows,
  async fn() {
    await using tool = await createTool(`echo "$@" > "$(dirname "$0")/asked"\n${print(STATE)}`);
    deepStrictEqual(await createGpuReader()(never()), [
      {
        deviceId: "0",
        utilizationPercent: 37,
        memoryUsedMegabytes: 1432,
        memoryUtilizationPercent: 100 * 1432 / 81559,
      },
      { deviceId: "1" },
      { deviceId: "2", memoryUsedMegabytes: 12 },
    ]);
    strictEqual(
      await Deno.readTextFile(join(tool.dir, "asked")),
      "--query-gpu=index,utilization.gpu,memory.used,memory.total --format=csv,noheader,nounits\n",
    );
  },
});

Deno.test({
  name: `createGpuReader() tells no device when the tool fails, and asks again next time${reason}`,
  ignore: isWindows,
  async fn() {
    const failing = `d=$(dirname "$0"); if [ -e "$d/once" ]; then ${print("0, 1, 2, 4\n")}\nfi\n` +
      `[ -e "$d/once" ] || { touch "$d/once"; echo "NVIDIA-SMI has failed"; exit 9; }`;
    await using _tool = await createTool(failing);
    const read = createGpuReader();
    deepStrictEqual(await read(never()), []);
    strictEqual((await read(never()))?.length, 1);
  },
});

Deno.test({
  name:
    `createGpuReader() gives a tool up that hangs, even if what it started keeps its pipe open${reason}`,
  ignore: isWindows,
  async fn() {
    await using tool = await createTool(`sleep 600 & echo $! > "$(dirname "$0")/sleeper"\nwait`);
    const read = createGpuReader({ timeoutMs: 500 });
    deepStrictEqual(await read(never()), []);
    const sleeper = Number(await Deno.readTextFile(join(tool.dir, "sleeper")));
    Deno.kill(sleeper, "SIGKILL");
  },
});

Deno.test({
  name: `createGpuReader() waits no longer once it is told to stop${reason}`,
  ignore: isWindows,
  async fn() {
    await using _tool = await createTool("exec sleep 600");
    const stop = new AbortController();
    const reading = createGpuReader()(stop.signal);
    stop.abort();
    deepStrictEqual(await reading, []);
  },
});

Deno.test("createGpuReader() answers undefined where there is no such tool", async () => {
  const path = Deno.env.get("PATH")!;
  const empty = await Deno.makeTempDir();
  try {
    Deno.env.set("PATH", empty);
    strictEqual(await createGpuReader()(never()), undefined);
    deepStrictEqual(await listGpus(), { devices: [] });
  } finally {
    Deno.env.set("PATH", path);
    await Deno.remove(empty);
  }
});

Deno.test({
  name: `listGpus() tells name, memory and driver of each device, or why it cannot${reason}`,
  ignore: isWindows,
  async fn() {
    {
      await using _tool = await createTool(print(DEVICES));
      const { devices, failure } = await listGpus();
      strictEqual(failure, undefined);
      deepStrictEqual(devices, [
        { index: 0, name: "NVIDIA H100 80GB HBM3", memoryMegabytes: 81559, driver: "570.86.15" },
        { index: 1, name: "Tesla T4" },
      ]);
    }
    await using _tool = await createTool("echo No devices were found; exit 6");
    const { devices, failure } = await listGpus();
    ok(devices.length === 0);
    match(failure!, /^nvidia-smi: it ended with code 6$/);
  },
});
