import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { GATED_HANDLER, waitForGate, waitForPending } from "../support/gate.ts";
import { startMarina } from "../support/marina_process.ts";
import {
  ManagementClient,
  NOOP_HANDLER,
  startWithModelApi,
  toError,
} from "../support/management_client.ts";
import { createModelStore } from "../support/model_store.ts";

Deno.test("DELETE /models/{name} takes out the default version only when it is the last (§1.6, T15)", async () => {
  await using store = await createModelStore({
    "noop@1": { handler: NOOP_HANDLER, version: "1.0" },
    "noop@2": { handler: NOOP_HANDLER, version: "2.0" },
  });
  await using marina = await startWithModelApi(store.dir, "--models", "noop@1.mar", "noop@2.mar");
  const management = new ManagementClient(marina);
  const refused = toError(
    403,
    "InvalidModelVersionException",
    "Cannot remove default version for model noop",
  );
  const gone: [number, unknown] = [200, { status: 'Model "noop" unregistered' }];
  deepStrictEqual(await management.call("DELETE /models/noop"), refused);
  deepStrictEqual(await management.call("DELETE /models/noop/1.0"), refused);
  deepStrictEqual(
    await management.call("DELETE /models/noop/3.0"),
    toError(
      404,
      "ModelVersionNotFoundException",
      "Model version: 3.0 does not exist for model: noop",
    ),
  );
  deepStrictEqual(await management.call("DELETE /models/noop/2.0"), gone);
  deepStrictEqual((await management.describe("noop/all")).map((one) => one.modelVersion), ["1.0"]);
  deepStrictEqual(await management.call("DELETE /models/noop"), gone);
  deepStrictEqual(
    await management.call("DELETE /models/noop"),
    toError(404, "ModelNotFoundException", "Model not found: noop"),
  );
  deepStrictEqual(await management.call("POST /models?url=noop@2.mar"), [200, {
    status: 'Model "noop" Version: 2.0 registered with 1 initial workers',
  }]);
});

Deno.test("DELETE /models/{name} finishes what is in flight, takes no more, and removes what was unpacked (§1.6, T19)", async () => {
  await using store = await createModelStore({ gated: { handler: GATED_HANDLER } });
  const tempDir = await Deno.makeTempDir();
  {
    await using marina = await startMarina({
      args: ["--model-store", store.dir, "--models", "gated.mar", "--enable-model-api"],
      config: { default_workers_per_model: 1 },
      env: { TMPDIR: tempDir },
    });
    const management = new ManagementClient(marina);
    const ask = (text: string): Promise<Response> =>
      fetch(`${marina.inferenceUrl}/predictions/gated`, { method: "POST", body: text });
    const running = ask("wait");
    const openGate = await waitForGate(marina, "gated");
    const waiting = ask("last");
    while ((await management.describe("gated"))[0].jobQueueStatus.pendingRequests === 0);
    const unregistered = management.call("DELETE /models/gated");
    while ((await management.call("GET /models/gated"))[0] === 200);
    const refused = await ask("too late");
    deepStrictEqual([refused.status, (await refused.json()).message], [
      404,
      "Model not found: gated",
    ]);
    strictEqual((await Array.fromAsync(await listUnpacked(tempDir))).length, 1);
    await openGate();
    for (const [asked, text] of [[running, "wait"], [waiting, "last"]] as const) {
      const response = await asked;
      deepStrictEqual([response.status, (await response.json()).text], [200, text]);
    }
    deepStrictEqual(await unregistered, [200, { status: 'Model "gated" unregistered' }]);
    deepStrictEqual(await listUnpacked(tempDir), []);
    ok((await Deno.stat(`${store.dir}/gated.mar`)).isFile);
  }
  await Deno.remove(tempDir, { recursive: true });
});

Deno.test("DELETE /models/{name} answers 408 after unregister_model_timeout, and its requests 503: it never hangs (§1.6, T19, §2 unregister_model_timeout)", async () => {
  await using store = await createModelStore({ gated: { handler: GATED_HANDLER } });
  await using marina = await startMarina({
    args: ["--model-store", store.dir, "--models", "gated.mar", "--enable-model-api"],
    config: { default_workers_per_model: 1, unregister_model_timeout: 1 },
  });
  const management = new ManagementClient(marina);
  const ask = (text: string): Promise<Response> =>
    fetch(`${marina.inferenceUrl}/predictions/gated`, { method: "POST", body: text });
  const running = ask("wait");
  await waitForGate(marina, "gated");
  const waiting = ask("last");
  await waitForPending(marina.managementUrl, "gated", 1);
  deepStrictEqual(
    await management.call("DELETE /models/gated"),
    toError(408, "RequestTimeoutException", "Timed out while cleaning resources: gated"),
  );
  for (const asked of [running, waiting]) {
    const response = await asked;
    deepStrictEqual([response.status, (await response.json()).message], [
      503,
      'Cannot finish the request: model "gated" version 1.0 was taken out',
    ]);
  }
  deepStrictEqual(
    await management.call("GET /models/gated"),
    toError(404, "ModelNotFoundException", "Model not found: gated"),
  );
  strictEqual((await management.call("POST /models?url=gated.mar&initial_workers=1"))[0], 200);
  strictEqual((await (await ask("again")).json()).text, "again");
});

/** What the server has unpacked and not removed. */
async function listUnpacked(tempDir: string): Promise<string[]> {
  const [root, ...others] = await Array.fromAsync(Deno.readDir(tempDir));
  deepStrictEqual(others, []);
  return await Array.fromAsync(Deno.readDir(`${tempDir}/${root!.name}`), ({ name }) => name);
}
