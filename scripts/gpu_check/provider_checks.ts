import { join } from "node:path";
import { runMarina } from "../../tests/support/marina_process.ts";
import { createModelStore } from "../../tests/support/model_store.ts";
import { createRandom } from "../../tests/support/random.ts";
import { listGpus } from "../../server/metrics/mod.ts";
import { type CheckedProvider, CheckedServer, readDigit } from "./checked_server.ts";
import { readGpuMemory } from "./gpu_memory.ts";
import { createResnet } from "./resnet_model.ts";

export interface CheckOptions {
  readonly provider: CheckedProvider;
  readonly width: number;
  readonly side: number;
  /** How long each throughput is measured. */
  readonly seconds: number;
  /** How often workers are added and taken away. */
  readonly cycles: number;
}

/** How one check ended; `not_run` is neither good nor bad. */
export interface CheckOutcome {
  readonly provider: CheckedProvider;
  readonly check: string;
  readonly result: "passed" | "failed" | "not_run";
  readonly figure: string;
}

/** Of probabilities, absolute. */
const DIGIT_TOLERANCE = 1e-3;
/** Of the largest output: since Ampere, CUDA multiplies with 10 bits of mantissa (TF32) unless told otherwise. */
const NETWORK_TOLERANCE = 1e-2;
const PICTURES = 8;
const CONNECTIONS = 16;
/** What drivers keep and give back by their own rules. */
const MAX_GROWTH_MEGABYTES = 64;

type Figure = string | { readonly notRun: string };
type Check = (options: CheckOptions) => Promise<Figure>;

/** Runs every check of one provider; if it does not load, that is the one outcome. */
export async function checkProvider(
  options: CheckOptions,
  onOutcome: (outcome: CheckOutcome) => void,
): Promise<void> {
  const { provider } = options;
  const run = async (check: string, execute: Check): Promise<boolean> => {
    try {
      const figure = await execute(options);
      const isRun = typeof figure === "string";
      onOutcome({
        provider,
        check,
        result: isRun ? "passed" : "not_run",
        figure: isRun ? figure : figure.notRun,
      });
      return true;
    } catch (error) {
      const figure = error instanceof Error ? error.message : String(error);
      onOutcome({ provider, check, result: "failed", figure });
      return false;
    }
  };
  if (!await run("loads", assertLoads)) return;
  await run("digits as on the CPU", compareDigits);
  const store = await createNetworkStore(options);
  try {
    await using server = await CheckedServer.start(store.dir, provider);
    await run("network as on the CPU", () => compareNetwork(server, options));
    await run("throughput", () => measureThroughput(server, options));
    await run("two workers on one card", () => askTwoWorkers(server, options));
    await run(`${options.cycles} times up and down`, () => cycle(server, options));
  } catch (error) {
    await run("server", () => Promise.reject(error));
  } finally {
    await store[Symbol.asyncDispose]();
  }
}

/** Asks `doctor`, which tells what to install. */
async function assertLoads({ provider }: CheckOptions): Promise<string> {
  const { stdout, stderr } = await runMarina(["doctor", "--json", "--ncs"], {
    env: { MARINA_GPU_PROVIDERS: provider },
  });
  if (stdout === "") throw new Error(stderr);
  const report = JSON.parse(stdout);
  const found = report.providers.find(({ name }: { name: string }) => name === provider);
  if (found?.works !== true) {
    throw new Error([found?.reason, found?.wayOut].filter((text) => text !== undefined).join("; "));
  }
  const { devices } = await listGpus();
  return devices.map(({ name }) => name).join(", ") || "a device that nvidia-smi does not list";
}

async function compareDigits({ provider }: CheckOptions): Promise<string> {
  const handler = await Deno.readTextFile(
    new URL("../../examples/mnist/handler.ts", import.meta.url),
  );
  const model = { handler, serializedFile: "examples/mnist/mnist.onnx" };
  await using store = await createModelStore({
    digits: { ...model, config: "minWorkers: 1\nmaxWorkers: 1\ndeviceType: gpu\n" },
    "digits-cpu": { ...model, config: "minWorkers: 1\nmaxWorkers: 1\ndeviceType: cpu\n" },
  });
  await using server = await CheckedServer.start(store.dir, provider);
  let largest = 0;
  for (let digit = 0; digit < 10; digit++) {
    const body = await readDigit(digit);
    const [onGpu, onCpu] = await Promise.all(
      ["digits", "digits-cpu"].map((name) => server.predict(name, body)),
    );
    largest = Math.max(largest, toLargestDifference(onGpu!, onCpu!));
  }
  await assertProvider(server, "digits", provider, 1);
  if (!(largest <= DIGIT_TOLERANCE)) {
    throw new Error(`differs by ${largest}, ${DIGIT_TOLERANCE} is allowed`);
  }
  return `differs by at most ${largest.toExponential(1)}`;
}

async function createNetworkStore({ width, side }: CheckOptions) {
  const dir = await Deno.makeTempDir({ prefix: "marina-gpu-check-" });
  try {
    const path = join(dir, "resnet.onnx");
    await Deno.writeFile(path, createResnet({ width, side }));
    const model = { handler: "base_handler", serializedFile: path };
    const common = "minWorkers: 1\nmaxWorkers: 1\nbatchSize: 8\nmaxBatchDelay: 5\n";
    return await createModelStore({
      network: { ...model, config: `${common}deviceType: gpu\n` },
      "network-cpu": { ...model, config: `${common}deviceType: cpu\n` },
    });
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

async function compareNetwork(
  server: CheckedServer,
  { provider, side }: CheckOptions,
): Promise<string> {
  let largest = 0;
  for (let index = 0; index < PICTURES; index++) {
    const body = createPicture(side, index);
    const [onGpu, onCpu] = await Promise.all(
      ["network", "network-cpu"].map((name) => server.predict(name, body)),
    );
    const scale = Math.max(...onCpu!.map(Math.abs));
    largest = Math.max(largest, toLargestDifference(onGpu!, onCpu!) / scale);
  }
  await assertProvider(server, "network", provider, 1);
  if (!(largest <= NETWORK_TOLERANCE)) {
    throw new Error(`differs by ${largest} of the largest output, ${NETWORK_TOLERANCE} is allowed`);
  }
  return `differs by at most ${largest.toExponential(1)} of the largest output`;
}

async function measureThroughput(server: CheckedServer, options: CheckOptions): Promise<string> {
  const onCpu = await measure(server, "network-cpu", options);
  const onGpu = await measure(server, "network", options);
  return `${onGpu.toFixed(1)} pictures/s, on the CPU ${onCpu.toFixed(1)}: ${
    (onGpu / onCpu).toFixed(2)
  } times`;
}

async function measure(
  server: CheckedServer,
  model: string,
  { seconds, side }: CheckOptions,
): Promise<number> {
  const body = createPicture(side, 0);
  await server.predict(model, body);
  const startedAtMs = performance.now();
  let answers = 0;
  const ask = async (): Promise<void> => {
    while (performance.now() - startedAtMs < seconds * 1000) {
      await server.predict(model, body);
      answers++;
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, ask));
  return answers / (performance.now() - startedAtMs) * 1000;
}

async function askTwoWorkers(server: CheckedServer, options: CheckOptions): Promise<string> {
  const { provider, side } = options;
  await server.scale("network", 2);
  await assertProvider(server, "network", provider, 2);
  const bodies = Array.from({ length: PICTURES }, (_, index) => createPicture(side, index));
  const alone: number[][] = [];
  for (const body of bodies) alone.push(await server.predict("network-cpu", body));
  const together = await Promise.all(
    [...bodies, ...bodies].map((body) => server.predict("network", body)),
  );
  together.forEach((answer, index) => {
    const expected = alone[index % PICTURES]!;
    const difference = toLargestDifference(answer, expected) / Math.max(...expected.map(Math.abs));
    if (!(difference <= NETWORK_TOLERANCE)) {
      throw new Error(`picture ${index % PICTURES} differs by ${difference} with two workers`);
    }
  });
  const perSecond = await measure(server, "network", options);
  await server.scale("network", 1);
  return `${together.length} answers are the CPU's, ${perSecond.toFixed(1)} pictures/s`;
}

/** The first times fill the driver's caches; what comes after them must not grow. */
async function cycle(server: CheckedServer, { cycles, side }: CheckOptions): Promise<Figure> {
  const body = createPicture(side, 0);
  const readings: (number | undefined)[] = [];
  for (let index = 0; index < cycles; index++) {
    await server.scale("network", 2);
    await server.predict("network", body);
    await server.scale("network", 0);
    readings.push(await readGpuMemory());
  }
  const [before, after] = [readings[Math.min(2, cycles - 1)], readings.at(-1)];
  if (before === undefined || after === undefined) {
    return {
      notRun:
        `${cycles} times done; the card's memory is not known: nvidia-smi does not tell of one`,
    };
  }
  if (after - before > MAX_GROWTH_MEGABYTES) {
    throw new Error(
      `the card's memory grew from ${before} to ${after} MiB, ${MAX_GROWTH_MEGABYTES} more are allowed`,
    );
  }
  return `the card's memory went from ${before} to ${after} MiB`;
}

async function assertProvider(
  server: CheckedServer,
  model: string,
  provider: CheckedProvider,
  count: number,
): Promise<void> {
  const workers = await server.describe(model);
  const fitting = workers.filter(({ status, executionProvider }) =>
    status === "READY" && executionProvider === provider
  );
  if (fitting.length === count && workers.length === count) return;
  throw new Error(`${count} workers with ${provider} expected, found ${JSON.stringify(workers)}`);
}

function createPicture(side: number, seed: number): Uint8Array<ArrayBuffer> {
  const random = createRandom(seed);
  const pixels = Float32Array.from({ length: 3 * side * side }, () => random() * 4 - 2);
  return new Uint8Array(pixels.buffer);
}

function toLargestDifference(a: readonly number[], b: readonly number[]): number {
  if (a.length !== b.length) throw new Error(`${a.length} numbers instead of ${b.length}`);
  return a.reduce((largest, value, index) => {
    const difference = Math.abs(value - b[index]!);
    return difference <= largest ? largest : difference;
  }, 0);
}
