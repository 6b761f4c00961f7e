import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { join } from "node:path";
import type { DoctorReport } from "../../server/doctor/mod.ts";
import { buildElf } from "../support/elf_builder.ts";
import { runMarina } from "../support/marina_process.ts";

/** A Vulkan driver that computes on the CPU; Debian's package `chromium` brings it. */
const DRIVER_PATH = "/usr/lib/chromium/vk_swiftshader_icd.json";
const hasNoDriver = await Deno.stat(DRIVER_PATH).then(() => false, () => true);
const reason = hasNoDriver
  ? " (skipped: needs Debian's chromium and libvulkan1, which bring a Vulkan driver)"
  : "";

interface Place extends AsyncDisposable {
  readonly dir: string;
  run(settings: Record<string, unknown>, options?: RunOptions): Promise<Outcome>;
}

interface RunOptions {
  readonly env?: Record<string, string>;
  readonly args?: readonly string[];
}

interface Outcome {
  readonly code: number;
  readonly report: DoctorReport;
  readonly stderr: string;
}

/** A folder with a model store, logs and a cache of its own, in which doctor is asked. */
async function createPlace(): Promise<Place> {
  const dir = await Deno.makeTempDir({ prefix: "marina-doctor-test-" });
  for (const name of ["store", "logs", "temp"]) await Deno.mkdir(join(dir, name));
  return {
    dir,
    async run(settings, { env, args = [] } = {}) {
      const all = {
        inference_address: "http://127.0.0.1:0",
        management_address: "http://127.0.0.1:0",
        metrics_address: "http://127.0.0.1:0",
        ...settings,
      };
      const file = join(dir, "config.properties");
      const lines = Object.entries(all).map(([key, value]) => `${key}=${value}\n`);
      await Deno.writeTextFile(file, lines.join(""));
      const { code, stdout, stderr } = await runMarina(
        ["doctor", "--json", "--model-store", join(dir, "store"), "--ts-config", file, ...args],
        {
          cwd: dir,
          env: {
            LOG_LOCATION: join(dir, "logs"),
            METRICS_LOCATION: join(dir, "logs"),
            TEMP: join(dir, "temp"),
            VK_DRIVER_FILES: "/nowhere.json",
            XDG_RUNTIME_DIR: dir,
            ...env,
          },
        },
      );
      return { code, report: JSON.parse(stdout), stderr };
    },
    [Symbol.asyncDispose]: () => Deno.remove(dir, { recursive: true }),
  };
}

Deno.test("doctor answers 0 where all that is asked for can work, and leaves nothing behind", async () => {
  await using place = await createPlace();
  const { code, report, stderr } = await place.run({ number_of_gpu: 0 });
  strictEqual(code, 0, JSON.stringify(report.problems));
  strictEqual(stderr, "");
  deepStrictEqual(report.problems, []);
  const [cpu, cuda, webgpu] = report.providers;
  deepStrictEqual(cpu, { name: "cpu", works: true });
  deepStrictEqual([cuda?.name, webgpu?.name], ["cuda", "webgpu"]);
  for (const { works, reason } of report.providers) ok(works || reason !== undefined);
  ok(report.cpu.cores > 0 && report.memory.totalBytes > report.memory.availableBytes);
  match(report.versions.onnxruntime, /^\d+\.\d+\.\d+$/);
  deepStrictEqual(report.addresses.map(({ setting, isFree }) => [setting, isFree]), [
    ["inference_address", true],
    ["management_address", true],
    ["metrics_address", true],
  ]);
  const paths = report.folders.map(({ name, path }) => [name, path.replace(place.dir, "")]);
  deepStrictEqual(paths.filter(([name]) => name !== "cache"), [
    ["temp", "/temp"],
    ["logs", "/logs"],
    ["store", "/store"],
    ["snapshots", "/logs/config"],
  ]);
  for (const name of ["temp", "logs", "store"]) {
    deepStrictEqual([...Deno.readDirSync(join(place.dir, name))], [], name);
  }
});

Deno.test("doctor answers 1 when number_of_gpu asks for a GPU and no provider loads (§2 number_of_gpu)", async () => {
  await using place = await createPlace();
  // Where there is a card it is hidden.
  const env = { CUDA_VISIBLE_DEVICES: "-1" };
  const { code, report } = await place.run({ number_of_gpu: 1 }, { env });
  strictEqual(code, 1);
  strictEqual(report.problems.length, 1);
  match(report.problems[0]!, /^Cannot use a GPU, and number_of_gpu is 1: cuda: \S.*; webgpu: \S/);
});

Deno.test({
  name: `doctor finds WebGPU on a software driver, and answers 0 with number_of_gpu=1${reason}`,
  ignore: hasNoDriver,
  async fn() {
    await using place = await createPlace();
    const env = { VK_DRIVER_FILES: DRIVER_PATH };
    const { code, report } = await place.run({ number_of_gpu: 1 }, { env });
    strictEqual(code, 0, JSON.stringify(report.problems));
    deepStrictEqual(report.providers.find(({ name }) => name === "webgpu"), {
      name: "webgpu",
      works: true,
    });
    deepStrictEqual(report.gpus.vulkanManifests, [DRIVER_PATH]);
  },
});

Deno.test("doctor names the port that is taken, and the setting that wants it", async () => {
  await using place = await createPlace();
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const taken = `http://127.0.0.1:${listener.addr.port}`;
  const { code, report } = await place.run({ number_of_gpu: 0, management_address: taken });
  strictEqual(code, 1);
  deepStrictEqual(report.problems, [
    `Cannot open ${taken} of setting "management_address": another program listens there`,
  ]);
});

Deno.test({
  name: "doctor names the folder that a server could not write to",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using place = await createPlace();
    const env = { LOG_LOCATION: "/proc/marina-logs" };
    const { code, report } = await place.run({ number_of_gpu: 0 }, { env, args: ["--ncs"] });
    strictEqual(code, 1);
    strictEqual(report.problems.length, 1);
    match(report.problems[0]!, /^Cannot write to the logs folder "\/proc\/marina-logs": \S/);
  },
});

Deno.test("doctor tells of a config that cannot be used, and still of the machine", async () => {
  await using place = await createPlace();
  const { code, report } = await place.run({ job_queue_size: "many" });
  strictEqual(code, 1);
  match(report.config.failure!, /job_queue_size/);
  ok(report.cpu.cores > 0);
});

Deno.test({
  name: "doctor names the library that CUDA lacks, and the package that brings it",
  ignore: Deno.build.os !== "linux" || Deno.build.arch !== "x86_64",
  async fn() {
    await using place = await createPlace();
    const cuda = join(place.dir, "cuda/onnxruntime/capi");
    await Deno.mkdir(cuda, { recursive: true });
    const needed = ["libcublasLt.so.413", "libcudart.so.13", "libc.so.6"];
    for (const [name, needs] of [["shared", []], ["cuda", needed]] as const) {
      const path = join(cuda, `libonnxruntime_providers_${name}.so`);
      await Deno.writeFile(path, buildElf({ needed: needs }));
    }
    const env = { MARINA_CUDA_DIR: join(place.dir, "cuda") };
    const { report } = await place.run({ number_of_gpu: 0 }, { env });
    const found = report.providers.find(({ name }) => name === "cuda");
    strictEqual(found?.works, false);
    match(
      found.reason!,
      /^libcublasLt\.so\.413, which libonnxruntime_providers_cuda\.so needs, is neither in MARINA_CUDA_DIR nor/,
    );
    match(found.wayOut!, /pip install .*"nvidia-cublas==413\.\*"/);
  },
});

Deno.test("doctor refuses flags that would do something else", async () => {
  const { code, stdout, stderr } = await runMarina(["doctor", "--stop"]);
  deepStrictEqual([code, stdout], [2, ""]);
  match(stderr, /^Usage: marina doctor .*\nmarina doctor: error: /);
});
