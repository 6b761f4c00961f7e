import { ok, strictEqual } from "node:assert/strict";
import { runMarina, startMarina } from "../support/marina_process.ts";

const EXAMPLE = new URL("../../examples/mnist/", import.meta.url);

interface Expected {
  readonly probabilities: readonly number[];
  readonly predicted: number;
}

interface DigitAnswer {
  readonly digit: number;
  readonly probabilities: readonly number[];
}

/** Absolute; the reference's numbers come from another build of the same runtime. */
const TOLERANCE = 1e-4;

async function readExpected(): Promise<Record<string, Expected>> {
  return JSON.parse(await Deno.readTextFile(new URL("expected.json", EXAMPLE)));
}

async function askDigit(url: string, digit: number): Promise<DigitAnswer> {
  const body = await Deno.readFile(new URL(`digits/${digit}.png`, EXAMPLE));
  const response = await fetch(`${url}/predictions/mnist`, { method: "POST", body });
  strictEqual(response.status, 200);
  strictEqual(response.headers.get("content-type"), "application/json");
  return await response.json();
}

function assertDigit(answer: DigitAnswer, expected: Expected): void {
  strictEqual(answer.digit, expected.predicted);
  strictEqual(answer.probabilities.length, 10);
  answer.probabilities.forEach((probability, index) => {
    ok(
      Math.abs(probability - expected.probabilities[index]) <= TOLERANCE,
      `${index}: ${probability} is not ${expected.probabilities[index]}`,
    );
  });
}

async function packDigits(dir: string, ...more: string[]): Promise<void> {
  const path = (name: string) => new URL(name, EXAMPLE).pathname;
  const { code, stdout, stderr } = await runMarina([
    "archive",
    ...["--model-name", "mnist", "--version", "1.0", "--export-path", dir],
    ...["--serialized-file", path("mnist.onnx"), "--handler", path("handler.ts")],
    ...more,
  ]);
  strictEqual(code, 0, stderr);
  strictEqual(stdout + stderr, "");
}

Deno.test("marina archive and serve give the ten digits their labels and the reference's probabilities, one by one", async () => {
  const dir = await Deno.makeTempDir();
  await packDigits(dir);
  {
    await using marina = await startMarina({
      args: ["--model-store", dir, "--models", "mnist=mnist.mar", "--ncs"],
      config: { default_workers_per_model: 1 },
    });
    const expected = await readExpected();
    for (let digit = 0; digit < 10; digit++) {
      const answer = await askDigit(marina.inferenceUrl, digit);
      strictEqual(answer.digit, digit);
      assertDigit(answer, expected[`${digit}.png`]);
    }
  }
  await Deno.remove(dir, { recursive: true });
});

Deno.test("ten concurrent digits share batches of ten and each gets its own answer", async () => {
  const dir = await Deno.makeTempDir();
  await Deno.writeTextFile(
    `${dir}/model-config.yaml`,
    "batchSize: 10\nminWorkers: 1\nmaxWorkers: 1\n",
  );
  await packDigits(dir, "--config-file", `${dir}/model-config.yaml`);
  {
    await using marina = await startMarina({ args: ["--model-store", dir, "--models", "all"] });
    const expected = await readExpected();
    for (let round = 0; round < 20; round++) {
      const digits = Array.from({ length: 10 }, (_, index) => (index * 7 + round) % 10);
      const answers = await Promise.all(
        digits.map((digit) => askDigit(marina.inferenceUrl, digit)),
      );
      answers.forEach((answer, index) => assertDigit(answer, expected[`${digits[index]}.png`]));
    }
  }
  await Deno.remove(dir, { recursive: true });
});
