import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { GATED_HANDLER, waitForGate, waitForPending } from "../support/gate.ts";
import { type MarinaProcess, startMarina } from "../support/marina_process.ts";
import { createModelStore } from "../support/model_store.ts";
import { waitFor } from "../support/wait_for.ts";

const ONE_WORKER = "minWorkers: 1\nmaxWorkers: 1\n";

function ask(marina: MarinaProcess, model: string, text: string): Promise<Response> {
  return fetch(`${marina.inferenceUrl}/predictions/${model}`, {
    method: "POST",
    headers: { "content-type": "text/plain" },
    body: text,
  });
}

async function describe(marina: MarinaProcess, model: string) {
  const response = await fetch(`${marina.managementUrl}/models/${model}`);
  return (await response.json())[0];
}

Deno.test("clientTimeoutInMills answers who waits and who runs with 503 and the limit, and the worker goes on (T19, §1.13, §9)", async () => {
  const config = `${ONE_WORKER}clientTimeoutInMills: 300\n`;
  await using store = await createModelStore({ gated: { handler: GATED_HANDLER, config } });
  await using marina = await startMarina({
    args: ["--model-store", store.dir, "--models", "all"],
  });
  strictEqual((await describe(marina, "gated")).clientTimeoutInMills, 300);
  const running = ask(marina, "gated", "wait");
  const openGate = await waitForGate(marina, "gated");
  const waiting = ask(marina, "gated", "late");
  for (const response of await Promise.all([running, waiting])) {
    deepStrictEqual([response.status, await response.json()], [503, {
      code: 503,
      type: "ServiceUnavailableException",
      message:
        'Cannot answer the request in time: clientTimeoutInMills of model "gated" allows 300 ms',
    }]);
  }
  await openGate();
  const seen = await waitFor(
    async () => await (await ask(marina, "gated", "next")).json(),
    (answer) => answer.seen !== undefined,
  );
  ok(!seen.seen.includes("late"));
});

Deno.test("useJobTicket refuses with 503 while every worker is busy, though the queue has room (T18, §1.13)", async () => {
  const config = `${ONE_WORKER}useJobTicket: true\n`;
  await using store = await createModelStore({ gated: { handler: GATED_HANDLER, config } });
  await using marina = await startMarina({
    args: ["--model-store", store.dir, "--enable-model-api"],
  });
  const registered = await fetch(`${marina.managementUrl}/models?url=gated.mar`, {
    method: "POST",
  });
  strictEqual(registered.status, 200);
  await registered.body?.cancel();
  strictEqual((await describe(marina, "gated")).useJobTicket, true);
  const running = ask(marina, "gated", "wait");
  const openGate = await waitForGate(marina, "gated");
  const refused = await ask(marina, "gated", "no ticket");
  deepStrictEqual([refused.status, (await refused.json()).type], [
    503,
    "ServiceUnavailableException",
  ]);
  await waitForPending(marina.managementUrl, "gated", 0);
  await openGate();
  strictEqual((await running).status, 200);
  await (await running).body?.cancel();
});

Deno.test("startup_timeout=0 fails a synchronous registration at once with 500, and the model is gone (T9)", async () => {
  await using store = await createModelStore({ gated: { handler: GATED_HANDLER } });
  await using marina = await startMarina({
    args: ["--model-store", store.dir, "--enable-model-api"],
  });
  const refused = await fetch(
    `${marina.managementUrl}/models?url=gated.mar&initial_workers=1&startup_timeout=0`,
    { method: "POST" },
  );
  deepStrictEqual([refused.status, (await refused.json()).message], [
    500,
    "Failed to start workers for model gated version: 1.0",
  ]);
  const missing = await fetch(`${marina.managementUrl}/models/gated`);
  strictEqual(missing.status, 404);
  await missing.body?.cancel();
});

Deno.test("an answer above max_response_size is a 500 that names the limit, and the worker goes on (§2 max_response_size)", async () => {
  const handler = `
export async function handle(data) {
  return data === null ? undefined : [data[0].body.repeat(100)];
}
`;
  await using store = await createModelStore({ big: { handler, config: ONE_WORKER } });
  await using marina = await startMarina({
    args: ["--model-store", store.dir, "--models", "all"],
    config: { max_response_size: 1000 },
  });
  const fits = await ask(marina, "big", "0123456789");
  strictEqual((await fits.text()).length, 1_000);
  const refused = await ask(marina, "big", "0123456789+");
  const { type, message } = await refused.json();
  deepStrictEqual([refused.status, type], [500, "InternalServerException"]);
  match(message, /max_response_size allows 1000 bytes, the handler made 1100$/);
  strictEqual((await (await ask(marina, "big", "a")).text()).length, 100);
  deepStrictEqual((await describe(marina, "big")).workers.map(({ id }: { id: string }) => id), [
    "9000",
  ]);
});

Deno.test("decode_input_request=false hands bytes to the handler whatever the content type (§2 decode_input_request)", async () => {
  const handler = `
export async function handle(data) {
  return data === null ? undefined : [data[0].body.constructor.name];
}
`;
  await using store = await createModelStore({ types: { handler, config: ONE_WORKER } });
  await using marina = await startMarina({
    args: ["--model-store", store.dir, "--models", "all"],
    config: { decode_input_request: false },
  });
  strictEqual(await (await ask(marina, "types", "text")).text(), "Uint8Array");
});

Deno.test("default_service_handler serves an archive that names no handler (§2 default_service_handler)", async () => {
  await using store = await createModelStore({});
  await Deno.mkdir(`${store.dir}/bare/MAR-INF`, { recursive: true });
  await Deno.writeTextFile(
    `${store.dir}/bare/MAR-INF/MANIFEST.json`,
    JSON.stringify({
      model: { modelName: "bare", modelVersion: "1.0", serializedFile: "mlp.onnx" },
    }),
  );
  await Deno.copyFile(
    new URL("../testdata/bench/mlp.onnx", import.meta.url),
    `${store.dir}/bare/mlp.onnx`,
  );
  await using marina = await startMarina({
    args: ["--model-store", store.dir, "--enable-model-api"],
    config: { default_service_handler: "base_handler" },
  });
  const registered = await fetch(
    `${marina.managementUrl}/models?url=bare&initial_workers=1`,
    { method: "POST" },
  );
  strictEqual(registered.status, 200, await registered.text());
  const response = await fetch(`${marina.inferenceUrl}/predictions/bare`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify([Array(64).fill(0.1)]),
  });
  strictEqual(response.status, 200, await response.text());
});
