import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { type MarinaProcess, startMarina } from "../support/marina_process.ts";
import { createModelStore } from "../support/model_store.ts";

/** Does what the request says; \`state\` shows whether its worker is a new one. */
const MOODY = `
let served = 0;

export async function handle(data, context) {
  if (data === null) return;
  served++;
  const mood = data[0].body;
  if (mood === "throw") throw new Error("Cannot find my keys");
  if (mood === "exit") Deno.exit(3);
  if (mood === "exit by node") (await import("node:process")).default.exit(4);
  if (mood === "close") self.close();
  if (mood === "throw later") {
    queueMicrotask(() => {
      throw new Error("Too late to be caught");
    });
    await new Promise(() => {});
  }
  if (mood === "reject later") {
    Promise.reject(new Error("Nobody waits for me"));
    await new Promise(() => {});
  }
  if (mood === "loop") for (;;);
  if (mood === "wait") await new Promise(() => {});
  if (mood === "not a list") return "text";
  if (mood === "too short") return [];
  if (mood === "no JSON") return [() => 1];
  return [String(served)];
}
`;

const CONFIG = "minWorkers: 1\nmaxWorkers: 1\nresponseTimeout: 2\n";

async function ask(marina: MarinaProcess, model: string, mood: string): Promise<Response> {
  return await fetch(`${marina.inferenceUrl}/predictions/${model}`, {
    method: "POST",
    headers: { "content-type": "text/plain" },
    body: mood,
  });
}

async function describe(marina: MarinaProcess, model: string) {
  const response = await fetch(`${marina.managementUrl}/models/${model}`);
  return (await response.json())[0];
}

async function startMoody(store: { readonly dir: string }): Promise<MarinaProcess> {
  return await startMarina({ args: ["--model-store", store.dir, "--models", "all"] });
}

Deno.test("a handler's failure answers its batch with upstream's status and text, and its worker goes on (T20)", async () => {
  await using store = await createModelStore({ moody: { handler: MOODY, config: CONFIG } });
  await using marina = await startMoody(store);
  const outcomes: unknown[] = [];
  for (const mood of ["fine", "throw", "not a list", "too short", "no JSON"]) {
    const response = await ask(marina, "moody", mood);
    const text = await response.text();
    outcomes.push([response.status, response.ok ? text : JSON.parse(text).message]);
  }
  deepStrictEqual(outcomes, [
    [200, "1"],
    [503, "Prediction failed"],
    [503, "Invalid model predict output"],
    [503, "number of batch response mismatched"],
    [503, "Unsupported model output data type."],
  ]);
  strictEqual(await (await ask(marina, "moody", "fine")).text(), "6");
  const logged = JSON.parse(await marina.waitForStderr(/Cannot find my keys/));
  strictEqual(logged.file, "handler.ts");
  ok(logged.line > 1);
});

Deno.test.each([
  { mood: "exit", reason: /ended its worker with Deno\.exit\(3\)/ },
  { mood: "exit by node", reason: /ended its worker with process\.exit\(4\)/ },
  { mood: "close", reason: /ended its worker with close\(\)/ },
  { mood: "throw later", reason: /Too late to be caught/ },
  { mood: "reject later", reason: /Nobody waits for me/ },
  { mood: "loop", reason: /No answer within 2000 ms/ },
  { mood: "wait", reason: /No answer within 2000 ms/ },
])(
  'a handler that does "$mood" costs its batch a 500, comes back, and leaves the other model alone (§8.5)',
  async ({ mood, reason }) => {
    await using store = await createModelStore({
      moody: { handler: MOODY, config: CONFIG },
      calm: { handler: MOODY, config: CONFIG },
    });
    await using marina = await startMoody(store);
    strictEqual(await (await ask(marina, "moody", "fine")).text(), "1");
    const lost = ask(marina, "moody", mood);
    let calmAnswers = 0;
    let isLost = false;
    lost.finally(() => (isLost = true));
    do {
      const response = await ask(marina, "calm", "fine");
      strictEqual(await response.text(), String(++calmAnswers));
    } while (!isLost);
    const response = await lost;
    deepStrictEqual([response.status, await response.json()], [500, {
      code: 500,
      type: "InternalServerException",
      message: "Worker died.",
    }]);
    const worker = (await describe(marina, "moody")).workers[0];
    match(worker.failure.message, reason);
    match(await marina.waitForStderr(/"Worker failed"/), reason);
    strictEqual(await (await ask(marina, "moody", "fine")).text(), "1");
    strictEqual(await (await ask(marina, "calm", "fine")).text(), String(calmAnswers + 1));
    strictEqual((await describe(marina, "moody")).workers[0].status, "READY");
  },
);

Deno.test.each([
  {
    name: "throws in initialize()",
    handler:
      "export class H {\n  initialize() {\n    throw new Error('No weights today');\n  }\n  handle() {}\n}\n",
    message: /No weights today/,
    line: 3,
  },
  {
    name: "throws when it is imported",
    handler: "\n\nthrow new Error('Not today');\n",
    message: /Not today/,
    line: 3,
  },
  { name: "does not parse", handler: "export class {\n", message: /handler\.ts/, line: 1 },
  {
    name: "has no handler",
    handler: "export const x = 1;\n",
    message: /Cannot choose a handler/,
    line: undefined,
  },
  {
    name: "has no model",
    handler: 'import { BaseHandler } from "marina";\nexport class H extends BaseHandler {}\n',
    message: /names no serialized file/,
    line: undefined,
  },
])(
  "a handler that $name fails its registration with 500, and the log and describe say why and where (T12, T42)",
  async ({ handler, message, line }) => {
    await using store = await createModelStore({ broken: { handler, config: CONFIG } });
    await using marina = await startMarina({
      args: ["--model-store", store.dir, "--enable-model-api"],
    });
    const register = (synchronous: boolean) =>
      fetch(`${marina.managementUrl}/models?url=broken.mar&synchronous=${synchronous}`, {
        method: "POST",
      });
    const refused = await register(true);
    deepStrictEqual([refused.status, (await refused.json()).message], [
      500,
      "Failed to start workers for model broken version: 1.0",
    ]);
    const missing = await fetch(`${marina.managementUrl}/models/broken`);
    deepStrictEqual([missing.status, (await missing.json()).type], [404, "ModelNotFoundException"]);
    const logged = JSON.parse(await marina.waitForStderr(/"Worker failed"/));
    match(logged.reason, message);
    ok(!logged.reason.includes("/marina-models-"), logged.reason);

    const accepted = await register(false);
    const processing = { status: "Processing worker updates..." };
    deepStrictEqual([accepted.status, await accepted.json()], [202, processing]);
    let worker;
    do worker = (await describe(marina, "broken")).workers[0]; while (worker.failure === undefined);
    match(worker.failure.message, message);
    ok(!worker.failure.message.includes("/marina-models-"), worker.failure.message);
    if (line !== undefined) {
      deepStrictEqual([worker.failure.file, worker.failure.line], ["handler.ts", line]);
    }
    strictEqual(await marina.stop(), 0);
  },
);

/** Cannot be loaded until somebody puts a file beside it. */
const UNMENDED = `
export async function handle(data, context) {
  if (data !== null) return ["mended"];
  const dir = context.systemProperties.modelDir;
  console.log("Looking for " + dir + "/mended");
  try {
    await Deno.stat(dir + "/mended");
  } catch {
    throw new Error("No weights in " + dir + "/weights, nor in /srv/secret/weights");
  }
}
`;

Deno.test("a version whose workers are given up answers 503 at once with the first reason, is unhealthy, and a scale call heals it (§8.5, §8.6, T19, T21)", async () => {
  const config = "minWorkers: 1\nmaxWorkers: 1\nmaxRetryTimeoutInSec: 1\n";
  await using store = await createModelStore({ broken: { handler: UNMENDED, config } });
  await using marina = await startMoody(store);
  const ping = async () => {
    const response = await fetch(`${marina.inferenceUrl}/ping`);
    return [response.status, (await response.json()).status];
  };
  // While it is retried it counts as healthy, and requests wait.
  deepStrictEqual(await ping(), [200, "Healthy"]);
  const waiting = ask(marina, "broken", "a");
  const found = await marina.waitForStderr(/Looking for /);
  const path = /Looking for ([^"]+)/.exec(found)![1]!;
  const expected = {
    code: 503,
    type: "ServiceUnavailableException",
    message: 'Model "broken" has no worker to serve inference request. Its workers failed: ' +
      "No weights in weights, nor in weights (handler.ts:9). They are not restarted any more, " +
      "use the scale workers API once the cause is mended",
  };
  for (const asked of [waiting, ask(marina, "broken", "b")]) {
    const response = await asked;
    deepStrictEqual([response.status, await response.json()], [503, expected]);
  }
  deepStrictEqual(await ping(), [500, "Unhealthy"]);
  await Deno.writeTextFile(path, "");
  const scaled = await fetch(
    `${marina.managementUrl}/models/broken?min_worker=1&synchronous=true`,
    { method: "PUT" },
  );
  strictEqual(scaled.status, 200, await scaled.text());
  strictEqual(await (await ask(marina, "broken", "c")).text(), "mended");
  deepStrictEqual(await ping(), [200, "Healthy"]);
});

Deno.test("a worker that keeps dying is restarted after 1 s, and after 1 s again once it has loaded (§8.5)", async () => {
  await using store = await createModelStore({ moody: { handler: MOODY, config: CONFIG } });
  await using marina = await startMoody(store);
  for (let round = 0; round < 2; round++) {
    strictEqual(await (await ask(marina, "moody", "fine")).text(), "1");
    const lost = await ask(marina, "moody", "exit");
    deepStrictEqual([lost.status, (await lost.json()).message], [500, "Worker died."]);
  }
  strictEqual(await (await ask(marina, "moody", "fine")).text(), "1");
});
