import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { GATED_HANDLER, waitForGate } from "../support/gate.ts";
import { type MarinaProcess, startMarina } from "../support/marina_process.ts";
import { createModelStore } from "../support/model_store.ts";
import { waitFor } from "../support/wait_for.ts";

const ELASTIC = "minWorkers: 1\nmaxWorkers: 2\n";

async function describe(marina: MarinaProcess) {
  const response = await fetch(`${marina.managementUrl}/models/gated`);
  return (await response.json())[0];
}

function ask(marina: MarinaProcess, text: string): Promise<Response> {
  return fetch(`${marina.inferenceUrl}/predictions/gated`, { method: "POST", body: text });
}

Deno.test("a version grows to maxWorkers while its queue waits longer than scaleUpQueueTime, and shrinks when idle", async () => {
  const config = `${ELASTIC}scaleUpQueueTime: 200\nscaleDownIdleTime: 500\n`;
  await using store = await createModelStore({ gated: { handler: GATED_HANDLER, config } });
  await using marina = await startMarina({
    args: ["--model-store", store.dir, "--models", "all"],
  });
  const first = ask(marina, "wait");
  const openGate = await waitForGate(marina, "gated");
  // Its worker is at the gate, so that only a second one can answer this.
  const second = await ask(marina, "not waiting");
  deepStrictEqual((await second.json()).seen, ["not waiting"]);
  const grown = await describe(marina);
  deepStrictEqual([grown.minWorkers, grown.maxWorkers, grown.workers.length], [1, 2, 2]);
  await openGate();
  strictEqual((await first).status, 200);
  await (await first).body?.cancel();
  const shrunk = await waitFor(() => describe(marina), ({ workers }) => workers.length === 1);
  deepStrictEqual([shrunk.minWorkers, shrunk.maxWorkers], [1, 2]);
  const third = await ask(marina, "one worker is left");
  ok((await third.json()).seen.includes("one worker is left"));
});

Deno.test("the server's times of scaling hold for a model that does not say otherwise (§2 scale_up_queue_time_ms, scale_down_idle_time_ms)", async () => {
  await using store = await createModelStore({
    gated: { handler: GATED_HANDLER, config: ELASTIC },
  });
  await using marina = await startMarina({
    args: ["--model-store", store.dir, "--models", "all"],
    config: { scale_up_queue_time_ms: 200, scale_down_idle_time_ms: 100 },
  });
  const first = ask(marina, "wait");
  const openGate = await waitForGate(marina, "gated");
  const second = await ask(marina, "not waiting");
  deepStrictEqual((await second.json()).seen, ["not waiting"]);
  await openGate();
  match(await (await first).text(), /wait/);
  await waitFor(() => describe(marina), ({ workers }) => workers.length === 1);
});
