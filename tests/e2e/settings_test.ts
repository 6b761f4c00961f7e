/** What settings do, asked of a server that was given them in its file. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { createBody, FileServer } from "../support/file_server.ts";
import { GATED_HANDLER, WAIT_AT_GATE, waitForGate, waitForPending } from "../support/gate.ts";
import { ManagementClient, NOOP_HANDLER, toError } from "../support/management_client.ts";
import { startMarina, type StartMarinaOptions } from "../support/marina_process.ts";
import { createModelStore } from "../support/model_store.ts";
import { TempFolder } from "../support/temp_folder.ts";

const ONE_WORKER = "minWorkers: 1\nmaxWorkers: 1\n";

function idsOf({ workers }: { readonly workers: readonly { readonly id: string }[] }): string[] {
  return workers.map(({ id }) => id);
}

Deno.test("a file alone names store, models, workers, their ids and the console's form (§2 model_store, load_models, default_workers_per_model, initial_worker_port, enable_model_api, log_format)", async () => {
  const model = { handler: NOOP_HANDLER };
  await using store = await createModelStore({ first: model, second: model, third: model });
  await using marina = await startMarina({
    args: [],
    config: {
      model_store: store.dir,
      load_models: "mine=first.mar,second.mar",
      default_workers_per_model: 2,
      initial_worker_port: 9500,
      enable_model_api: true,
      log_format: "text",
    },
  });
  const management = new ManagementClient(marina);
  const loaded = [...await management.describe("mine"), ...await management.describe("second")];
  // Startup models start their workers side by side.
  deepStrictEqual(loaded.flatMap(idsOf).sort(), ["9500", "9501", "9502", "9503"]);
  // The setting is the default of initial_workers, too.
  deepStrictEqual(await management.call("POST /models?url=third.mar"), [200, {
    status: 'Model "third" Version: 1.0 registered with 2 initial workers',
  }]);
  deepStrictEqual(idsOf((await management.describe("third"))[0]), ["9504", "9505"]);
  strictEqual((await management.call("DELETE /models/third"))[0], 200);
  match(marina.stderrLines[0]!, /^\S+Z INFO {2}server: /);
});

Deno.test("a body may be so large, wait beside so many bytes, and take so long to come (§2 max_request_size, max_queue_size_bytes, request_body_timeout, T25)", async (t) => {
  await using store = await createModelStore({
    gated: { handler: GATED_HANDLER, config: ONE_WORKER },
  });
  await using marina = await startMarina({
    args: ["--model-store", store.dir, "--models", "all"],
    config: { max_request_size: 100, max_queue_size_bytes: 150, request_body_timeout: 1 },
  });
  const ask = async (body: string): Promise<[number, string]> => {
    const url = `${marina.inferenceUrl}/predictions/gated`;
    const response = await fetch(url, { method: "POST", body });
    return [response.status, await response.text()];
  };

  // First: a worker that is known to be fast is handed work ahead, which waits no longer.
  await t.step("max_queue_size_bytes refuses with 503 what does not fit", async () => {
    const running = ask("wait");
    const openGate = await waitForGate(marina, "gated");
    const waiting = ask("x".repeat(100));
    await waitForPending(marina.managementUrl, "gated", 1);
    strictEqual((await ask("x".repeat(51)))[0], 503);
    await openGate();
    deepStrictEqual([(await running)[0], (await waiting)[0]], [200, 200]);
  });

  await t.step("max_request_size is inclusive, and a 413 has no body", async () => {
    strictEqual((await ask("x".repeat(100)))[0], 200);
    deepStrictEqual(await ask("x".repeat(101)), [413, ""]);
  });

  await t.step("request_body_timeout ends a body that does not come with 408", async () => {
    const { hostname, port } = new URL(marina.inferenceUrl);
    using connection = await Deno.connect({ hostname, port: Number(port) });
    const head =
      `POST /predictions/gated HTTP/1.1\r\nhost: ${hostname}\r\ncontent-length: 9\r\n\r\n`;
    await connection.write(new TextEncoder().encode(`${head}x`));
    const sentAtMs = performance.now();
    const answer = new Uint8Array(32);
    const length = await connection.read(answer);
    match(new TextDecoder().decode(answer.subarray(0, length ?? 0)), /^HTTP\/1\.1 408 /);
    // The default is 60 s.
    ok(performance.now() - sentAtMs < 30_000);
  });
});

Deno.test("a batch and a start may take so many seconds (§2 default_response_timeout, default_startup_timeout)", async (t) => {
  const waiting = `${WAIT_AT_GATE}
export async function handle(rows, context) {
  if (rows === null || rows[0].body === "wait") await waitAtGate(context);
  return rows?.map(() => "ok");
}
`;
  const stuck = waiting.replace("rows === null ||", "rows !== null &&");
  await using store = await createModelStore({
    endless: { handler: waiting },
    stuck: { handler: stuck, config: `${ONE_WORKER}startupTimeout: 100\n` },
  });
  await using marina = await startMarina({
    args: ["--model-store", store.dir, "--enable-model-api"],
    config: { default_response_timeout: 1, default_startup_timeout: 1 },
  });
  const management = new ManagementClient(marina);

  await t.step("a worker that does not load in time fails its registration", async () => {
    const askedAtMs = performance.now();
    deepStrictEqual(
      await management.call("POST /models?url=endless.mar&initial_workers=1"),
      toError(
        500,
        "InternalServerException",
        "Failed to start workers for model endless version: 1.0",
      ),
    );
    // The default is 120 s.
    ok(performance.now() - askedAtMs < 60_000);
  });

  await t.step("a batch that is not answered in time ends its worker", async () => {
    strictEqual((await management.call("POST /models?url=stuck.mar"))[0], 200);
    const [described] = await management.describe("stuck");
    deepStrictEqual([described.responseTimeout, described.startupTimeout], [1, 100]);
    const url = `${marina.inferenceUrl}/predictions/stuck`;
    const response = await fetch(url, { method: "POST", body: "wait" });
    deepStrictEqual([response.status, (await response.json()).message], [500, "Worker died."]);
  });
});

Deno.test("a download may be so large and take so many seconds (§2 download_max_size, download_timeout)", async () => {
  const { body } = createBody(new Uint8Array(10), "stalled");
  await using server = new FileServer({
    "/large.mar": () => new Response(new Uint8Array(1001)),
    "/slow.mar": () => new Response(body),
  });
  await using store = await createModelStore({});
  await using marina = await startMarina({
    args: ["--model-store", store.dir, "--enable-model-api"],
    config: { allowed_urls: `${server.url}/.*`, download_max_size: 1000, download_timeout: 1 },
  });
  const management = new ManagementClient(marina);
  for (const [name, reason] of [["large", /1000 bytes/], ["slow", /1000 ms/]] as const) {
    const url = `${server.url}/${name}.mar`;
    deepStrictEqual(
      await management.call(`POST /models?url=${encodeURIComponent(url)}`),
      toError(400, "DownloadArchiveException", `Failed to download archive from: ${url}`),
    );
    match(await marina.waitForStderr(new RegExp(`Download failed.*${name}`)), reason);
    strictEqual((await management.call("GET /models"))[0], 200);
  }
});

Deno.test("keys are good for token_expiration_min from the start (§1.9, §2 token_expiration_min, disable_token_authorization)", async () => {
  await using store = await createModelStore({});
  await using folder = await TempFolder.create();
  const before = Date.now();
  await using marina = await startMarina({
    args: ["--model-store", store.dir, "--ncs"],
    config: { disable_token_authorization: false, token_expiration_min: 0.5 },
    cwd: folder.path,
  });
  const { inference } = JSON.parse(await Deno.readTextFile(folder.at("key_file.json")));
  const expiresAt = Date.parse(inference["expiration time"]);
  ok(expiresAt >= before + 30_000 && expiresAt <= Date.now() + 30_000, `${expiresAt - before} ms`);
  const refused = await fetch(`${marina.inferenceUrl}/ping`);
  strictEqual((await refused.json()).type, "InvalidKeyException");
});

Deno.test("flags and variables switch tokens off and the model API on, as the file does (§1.9, §1.10)", async () => {
  await using store = await createModelStore({ noop: { handler: NOOP_HANDLER } });
  const file = { disable_token_authorization: false, enable_model_api: false };
  const ways: readonly Pick<StartMarinaOptions, "args" | "config" | "env">[] = [
    { args: ["--disable-token-auth", "--enable-model-api"], config: file },
    {
      args: [],
      config: { ...file, enable_envvars_config: true },
      env: { TS_DISABLE_TOKEN_AUTHORIZATION: "true", TS_ENABLE_MODEL_API: "true" },
    },
  ];
  for (const { args, config, env } of ways) {
    await using folder = await TempFolder.create();
    await using marina = await startMarina({
      args: ["--model-store", store.dir, ...args],
      config,
      env,
      cwd: folder.path,
    });
    const [status] = await new ManagementClient(marina).call("POST /models?url=noop.mar");
    strictEqual(status, 200);
    deepStrictEqual(await folder.list(), []);
  }
});
