import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { type MarinaProcess, startMarina } from "../support/marina_process.ts";
import { createModelStore, type StoredModel } from "../support/model_store.ts";

const EXAMPLE = new URL("../../examples/mnist/", import.meta.url);

/** A Vulkan driver that computes on the CPU; Debian's package `chromium` brings it. */
const DRIVER_PATH = "/usr/lib/chromium/vk_swiftshader_icd.json";

const IMAGES = "tests/testdata/image-classifier";
const PICTURES = ["exact_256x256.png", "landscape_640x480.jpg", "portrait_333x517.png"];

/** Absolute; a GPU adds in another order than the CPU. */
const TOLERANCE = 1e-3;

const hasNoDriver = await Deno.stat(DRIVER_PATH).then(() => false, () => true);
const reason = hasNoDriver
  ? " (skipped: needs Debian's chromium and libvulkan1, which bring a Vulkan driver)"
  : "";

/** The digit handler, which also tells its device and does what a text asks for. */
const REPORTING = `
import type { Context, HandlerData } from "marina";
import { DigitHandler } from "./digit.ts";

export class Reporting extends DigitHandler {
  override async handle(data: HandlerData[], context: Context) {
    if (data[0]?.body === "exit") Deno.exit(1);
    if (data[0]?.body === "loop") for (;;);
    const { gpuId } = context.systemProperties;
    return (await super.handle(data, context)).map((answer) => ({ ...answer as object, gpuId }));
  }
}
`;

async function createDigits(config: string): Promise<StoredModel> {
  return {
    handler: REPORTING,
    serializedFile: "examples/mnist/mnist.onnx",
    files: { "digit.ts": await Deno.readTextFile(new URL("handler.ts", EXAMPLE)) },
    config,
  };
}

interface GpuServerOptions {
  readonly dir: string;
  readonly numberOfGpu: number;
  readonly hasDriver: boolean;
}

async function startGpuServer(options: GpuServerOptions): Promise<MarinaProcess> {
  const { dir, numberOfGpu, hasDriver } = options;
  return await startMarina({
    args: ["--model-store", dir, "--models", "all", "--enable-model-api"],
    config: { number_of_gpu: numberOfGpu },
    env: { VK_DRIVER_FILES: hasDriver ? DRIVER_PATH : "/nowhere.json", XDG_RUNTIME_DIR: dir },
  });
}

async function askDigit(marina: MarinaProcess, digit: number, model = "digits") {
  const body = await Deno.readFile(new URL(`digits/${digit}.png`, EXAMPLE));
  const url = `${marina.inferenceUrl}/predictions/${model}`;
  const response = await fetch(url, { method: "POST", body });
  strictEqual(response.status, 200);
  return await response.json();
}

/** Asks for all ten digits and holds them to the reference; answers the device that the handler told. */
async function assertDigits(marina: MarinaProcess, model = "digits"): Promise<number | null> {
  const expected = JSON.parse(await Deno.readTextFile(new URL("expected.json", EXAMPLE)));
  const gpuIds = new Set<number | null>();
  for (let digit = 0; digit < 10; digit++) {
    const answer = await askDigit(marina, digit, model);
    strictEqual(answer.digit, digit);
    assertProbabilities(answer.probabilities, expected[`${digit}.png`].probabilities, digit);
    gpuIds.add(answer.gpuId);
  }
  strictEqual(gpuIds.size, 1);
  return [...gpuIds][0]!;
}

async function describeWorkers(marina: MarinaProcess, model = "digits") {
  const response = await fetch(`${marina.managementUrl}/models/${model}`);
  return (await response.json())[0].workers;
}

async function scale(marina: MarinaProcess, workers: number): Promise<number> {
  const query = `min_worker=${workers}&max_worker=${workers}&synchronous=true`;
  const response = await fetch(`${marina.managementUrl}/models/digits?${query}`, { method: "PUT" });
  await response.body?.cancel();
  return response.status;
}

/** A worker in short: provider, device, state. */
function toPlace(worker: Readonly<Record<string, string>>): string {
  // What nvidia-smi tells of the device, if it is there, follows its id.
  return `${worker.executionProvider} ${worker.gpuUsage?.split(" ")[0]} ${worker.status}`;
}

async function classify(
  marina: MarinaProcess,
  model: string,
  picture: string,
): Promise<Record<string, number>> {
  const body = await Deno.readFile(new URL(`../../${IMAGES}/${picture}`, import.meta.url));
  const response = await fetch(`${marina.inferenceUrl}/predictions/${model}`, {
    method: "POST",
    body,
  });
  strictEqual(response.status, 200);
  return await response.json();
}

/** Asks for all digits at once, again and again, until each of the devices has answered. */
async function askUntilAnsweredBy(
  marina: MarinaProcess,
  gpuIds: readonly number[],
): Promise<number[]> {
  const seen = new Set<number>();
  for (let round = 0; round < 20 && seen.size < gpuIds.length; round++) {
    const digits = Array.from({ length: 10 }, (_, digit) => digit);
    const answers = await Promise.all(digits.map((digit) => askDigit(marina, digit)));
    const expected = JSON.parse(await Deno.readTextFile(new URL("expected.json", EXAMPLE)));
    answers.forEach((answer, digit) => {
      assertProbabilities(answer.probabilities, expected[`${digit}.png`].probabilities, digit);
      seen.add(answer.gpuId);
    });
  }
  return [...seen].sort();
}

function assertProbabilities(actual: number[], expected: number[], digit: number): void {
  actual.forEach((probability, index) => {
    const difference = Math.abs(probability - expected[index]!);
    ok(difference <= TOLERANCE, `${digit}.png, ${index}: off by ${difference}`);
  });
}

async function command(marina: MarinaProcess, what: string): Promise<string> {
  const response = await fetch(`${marina.inferenceUrl}/predictions/digits`, {
    method: "POST",
    headers: { "content-type": "text/plain" },
    body: what,
  });
  return (await response.json()).message;
}

Deno.test({
  name: `a model runs on WebGPU where number_of_gpu is 1, as on the CPU within 1e-3${reason}`,
  ignore: hasNoDriver,
  async fn() {
    await using store = await createModelStore({
      digits: await createDigits("minWorkers: 1\nmaxWorkers: 1\n"),
      beside: await createDigits("minWorkers: 1\nmaxWorkers: 1\ndeviceType: cpu\n"),
    });
    await using marina = await startGpuServer({ dir: store.dir, numberOfGpu: 1, hasDriver: true });
    const [onGpu, onCpu] = await Promise.all([
      assertDigits(marina, "digits"),
      assertDigits(marina, "beside"),
    ]);
    deepStrictEqual([onGpu, onCpu], [0, null]);
    const [worker] = await describeWorkers(marina);
    deepStrictEqual([worker.executionProvider, worker.gpu, worker.gpuUsage], [
      "webgpu",
      true,
      "gpuId::0",
    ]);
    const [beside] = await describeWorkers(marina, "beside");
    deepStrictEqual([beside.executionProvider, beside.gpu, beside.gpuUsage], ["cpu", false, "N/A"]);
    strictEqual(await marina.stop(), 0);
  },
});

Deno.test({
  name:
    `the image classifier's classes and probabilities on WebGPU are the CPU's within 1e-3${reason}`,
  ignore: hasNoDriver,
  async fn() {
    const model = {
      handler: "image_classifier",
      serializedFile: `${IMAGES}/tiny-classifier.onnx`,
    };
    await using store = await createModelStore({
      pictures: { ...model, config: "minWorkers: 1\nmaxWorkers: 1\n" },
      beside: { ...model, config: "minWorkers: 1\nmaxWorkers: 1\ndeviceType: cpu\n" },
    });
    await using marina = await startGpuServer({ dir: store.dir, numberOfGpu: 1, hasDriver: true });
    for (const picture of PICTURES) {
      const [onGpu, onCpu] = await Promise.all(
        ["pictures", "beside"].map((name) => classify(marina, name, picture)),
      );
      deepStrictEqual(Object.keys(onGpu!), Object.keys(onCpu!), picture);
      for (const [name, probability] of Object.entries(onCpu!)) {
        const difference = Math.abs(onGpu![name]! - probability);
        ok(difference <= TOLERANCE, `${picture}, class ${name}: off by ${difference}`);
      }
    }
    strictEqual((await describeWorkers(marina, "pictures"))[0].executionProvider, "webgpu");
    strictEqual((await describeWorkers(marina, "beside"))[0].executionProvider, "cpu");
  },
});

Deno.test({
  name:
    `the second WebGPU worker is a process of its own; devices go round, and each gives the CPU's numbers (T23, §8.4)${reason}`,
  ignore: hasNoDriver,
  async fn() {
    await using store = await createModelStore({
      digits: await createDigits("minWorkers: 1\nmaxWorkers: 1\nisolation: thread\n"),
    });
    await using marina = await startGpuServer({ dir: store.dir, numberOfGpu: 2, hasDriver: true });
    strictEqual(await assertDigits(marina), 1);
    strictEqual(await scale(marina, 2), 200);
    const workers = await describeWorkers(marina);
    deepStrictEqual(workers.map(toPlace), ["webgpu gpuId::1 READY", "webgpu gpuId::0 READY"]);
    deepStrictEqual(workers.map(({ pid }: { pid: number }) => pid === marina.pid), [true, false]);
    deepStrictEqual(await askUntilAnsweredBy(marina, [0, 1]), [0, 1]);
    // The thread stays when there is one worker too many; a process that ends takes nothing along.
    deepStrictEqual([await scale(marina, 1), await assertDigits(marina)], [200, 1]);
    strictEqual(await marina.stop(), 0);
  },
});

Deno.test({
  name: `deviceIds are gone through from the start of each model's own list (§8.4)${reason}`,
  ignore: hasNoDriver,
  async fn() {
    await using store = await createModelStore({
      digits: await createDigits("minWorkers: 1\nmaxWorkers: 1\ndeviceIds: [2, 0]\n"),
    });
    await using marina = await startGpuServer({ dir: store.dir, numberOfGpu: 3, hasDriver: true });
    strictEqual(await assertDigits(marina), 2);
    strictEqual(await scale(marina, 2), 200);
    deepStrictEqual((await describeWorkers(marina)).map(toPlace), [
      "webgpu gpuId::2 READY",
      "webgpu gpuId::0 READY",
    ]);
  },
});

Deno.test({
  name: `a WebGPU worker starts again after scaling to 0, an exit and an endless loop${reason}`,
  ignore: hasNoDriver,
  async fn() {
    const config = "minWorkers: 1\nmaxWorkers: 1\nresponseTimeout: 25\n";
    await using store = await createModelStore({ digits: await createDigits(config) });
    await using marina = await startGpuServer({ dir: store.dir, numberOfGpu: 1, hasDriver: true });
    strictEqual(await assertDigits(marina), 0);
    deepStrictEqual([await scale(marina, 0), await scale(marina, 1)], [200, 200]);
    strictEqual(await assertDigits(marina), 0);
    for (const mood of ["exit", "loop"]) {
      strictEqual(await command(marina, mood), "Worker died.");
      strictEqual(await assertDigits(marina), 0, `after "${mood}"`);
      strictEqual((await describeWorkers(marina))[0].executionProvider, "webgpu");
    }
    strictEqual(await marina.stop(), 0);
  },
});

Deno.test("without a provider the CPU is used, its gpuId is null, and one log line says what was tried (§2 number_of_gpu)", async () => {
  await using store = await createModelStore({
    digits: await createDigits("minWorkers: 1\nmaxWorkers: 1\n"),
  });
  await using marina = await startGpuServer({ dir: store.dir, numberOfGpu: 1, hasDriver: false });
  strictEqual(await assertDigits(marina), null);
  const [worker] = await describeWorkers(marina);
  deepStrictEqual([worker.executionProvider, worker.gpu], ["cpu", false]);
  const warnings = marina.stderrLines.filter((line) => line.includes('"level":"warning"'));
  strictEqual(warnings.length, 1, warnings.join("\n"));
  const { message, text } = JSON.parse(warnings[0]!);
  strictEqual(message, "Worker says");
  match(text, /^Cannot use GPU 0, the CPU is used: cuda: \S.*; webgpu: \S/);
});

Deno.test("deviceType: gpu without a provider fails the registration with 500 and names what was tried", async () => {
  await using store = await createModelStore({});
  await using marina = await startGpuServer({ dir: store.dir, numberOfGpu: 1, hasDriver: false });
  await store.add("digits", await createDigits("deviceType: gpu\nminWorkers: 1\nmaxWorkers: 1\n"));
  const response = await fetch(`${marina.managementUrl}/models?url=digits.mar&synchronous=true`, {
    method: "POST",
  });
  deepStrictEqual([response.status, (await response.json()).message], [
    500,
    "Failed to start workers for model digits version: 1.0",
  ]);
  const logged = JSON.parse(await marina.waitForStderr(/"Worker failed"/));
  match(
    logged.reason,
    /^Cannot use the GPU that deviceType asks for: cuda: \S.*; webgpu: \S/,
  );
});

Deno.test("without a device no provider is probed, and deviceType: gpu is told to have no effect", async () => {
  await using store = await createModelStore({
    digits: await createDigits("minWorkers: 1\nmaxWorkers: 1\n"),
    wishful: await createDigits("minWorkers: 1\nmaxWorkers: 1\ndeviceType: gpu\n"),
  });
  await using marina = await startGpuServer({ dir: store.dir, numberOfGpu: 0, hasDriver: true });
  deepStrictEqual([await assertDigits(marina), await assertDigits(marina, "wishful")], [
    null,
    null,
  ]);
  strictEqual(await marina.stop(), 0);
  const warnings = marina.stderrLines.filter((line) => !line.includes('"level":"info"'));
  strictEqual(warnings.length, 1, warnings.join("\n"));
  match(JSON.parse(warnings[0]!).text, /asks for a GPU and number_of_gpu is 0, the CPU is used$/);
});
