import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { type MarinaProcess, startMarina } from "../support/marina_process.ts";
import { createModelStore } from "../support/model_store.ts";

/** Answers what it has been asked so far; each request is counted by its marker. */
const COUNTING = `
const seen = [];

export async function handle(data, context) {
  if (data === null) return;
  const marker = context.getRequestHeader(0, "x-marina-warmup") ?? "client";
  seen.push(marker + ": " + JSON.stringify(data[0].body));
  if (data[0].body === "loop") for (;;);
  if (data[0].body === "throw") throw new Error("Not warm enough");
  context.metrics.addCounter("Asked", 1);
  return [seen];
}
`;

const ONE_WORKER = "minWorkers: 1\nmaxWorkers: 1\n";

async function register(marina: MarinaProcess, name: string): Promise<[number, string]> {
  const url = `${marina.managementUrl}/models?url=${name}.mar&synchronous=true`;
  const response = await fetch(url, { method: "POST" });
  return [response.status, await response.text()];
}

Deno.test("a model has answered its warm-up requests before the first client is served", async () => {
  const config = `${ONE_WORKER}warmup:
  - data: hello
    repeat: 2
  - data: {a: 1}
  - file: row.txt
    contentType: text/plain
`;
  await using store = await createModelStore({
    counting: { handler: COUNTING, config, files: { "row.txt": "from a file" } },
  });
  await using marina = await startMarina({
    args: ["--model-store", store.dir, "--models", "all"],
  });
  const response = await fetch(`${marina.inferenceUrl}/predictions/counting`, {
    method: "POST",
    headers: { "content-type": "text/plain" },
    body: "hi",
  });
  deepStrictEqual(await response.json(), [
    'true: "hello"',
    'true: "hello"',
    'true: {"a":1}',
    'true: "from a file"',
    'client: "hi"',
  ]);
});

Deno.test("a real network is run once before its worker is ready", async () => {
  const row = JSON.stringify(Array(64).fill(0.5));
  const config = `${ONE_WORKER}warmup: [{data: [${row}], repeat: 3}]\n`;
  await using store = await createModelStore({
    mlp: { handler: "base_handler", serializedFile: "tests/testdata/bench/mlp.onnx", config },
    wrong: {
      handler: "base_handler",
      serializedFile: "tests/testdata/bench/mlp.onnx",
      config: `${ONE_WORKER}warmup: [{data: [[1, 2, 3]]}]\n`,
    },
  });
  await using marina = await startMarina({
    args: ["--model-store", store.dir, "--enable-model-api"],
  });
  const [status] = await register(marina, "mlp");
  strictEqual(status, 200);
  const [refused, text] = await register(marina, "wrong");
  deepStrictEqual([refused, JSON.parse(text).message], [
    500,
    "Failed to start workers for model wrong version: 1.0",
  ]);
  match(await marina.waitForStderr(/Warm-up request 1 failed/), /64/);
});

Deno.test("a warm-up that fails, or does not end within startupTimeout, fails the registration and says why", async () => {
  await using store = await createModelStore({
    throws: { handler: COUNTING, config: `${ONE_WORKER}warmup: [{data: throw}]\n` },
    loops: {
      handler: COUNTING,
      config: `${ONE_WORKER}startupTimeout: 1\nwarmup: [{data: loop}]\n`,
    },
  });
  await using marina = await startMarina({
    args: ["--model-store", store.dir, "--enable-model-api"],
  });
  const [status, text] = await register(marina, "throws");
  strictEqual(status, 500);
  ok(!text.includes("warm"), "the registration's answer is upstream's");
  const reason = await marina.waitForStderr(/Not warm enough/);
  match(reason, /Warm-up request 1 failed: Not warm enough/);
  match(reason, /handler\.ts/);
  strictEqual((await register(marina, "loops"))[0], 500);
  await marina.waitForStderr(/The model was not loaded within 1000 ms/);
});
