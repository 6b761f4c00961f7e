import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { startMarina } from "../support/marina_process.ts";
import { createModelStore } from "../support/model_store.ts";

/** Signals a process from a thread of its own, in which all functions of the runtime are as they were. */
const KILLER = `
import { Worker } from "node:worker_threads";

const CODE = \`
  const { parentPort, workerData } = require("node:worker_threads");
  try {
    process.kill(workerData || process.pid, "SIGKILL");
    parentPort.postMessage("killed");
  } catch (error) {
    parentPort.postMessage(error.name);
  }
\`;

export async function handle(data) {
  if (data === null) return;
  const body = String(data[0].body);
  if (body === "hello") return ["hello"];
  const worker = new Worker(CODE, { eval: true, workerData: Number(body) });
  const outcome = await new Promise((resolve) => {
    worker.on("message", resolve);
    worker.on("error", (error) => resolve(error.name));
  });
  await worker.terminate();
  return [outcome];
}
`;

Deno.test({
  name:
    "a handler in a process ends by a signal of its own that process and no other, not even from a thread of its own",
  ignore: Deno.build.os === "windows",
  async fn() {
    const config = "minWorkers: 1\nmaxWorkers: 1\nisolation: process\n";
    await using store = await createModelStore({ killer: { handler: KILLER, config } });
    await using marina = await startMarina({
      args: ["--model-store", store.dir, "--models", "all"],
    });
    const ask = async (body: string) => {
      const response = await fetch(`${marina.inferenceUrl}/predictions/killer`, {
        method: "POST",
        headers: { "content-type": "text/plain" },
        body,
      });
      return { status: response.status, text: await response.text() };
    };
    const refused = await ask(String(marina.pid));
    strictEqual(refused.status, 200);

    ok(refused.text !== "killed", refused.text);
    deepStrictEqual(await ask("hello"), { status: 200, text: "hello" });

    const own = await ask("0");
    if (own.status !== 200) {
      match(own.text, /Worker died/);
      match(await marina.waitForStderr(/"Worker failed"/), /was ended by SIGKILL/);
    }
    deepStrictEqual(await ask("hello"), { status: 200, text: "hello" });
    strictEqual(await marina.stop(), 0);
  },
});
