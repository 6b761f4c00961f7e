import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { NOOP_HANDLER } from "../support/management_client.ts";
import { startMarina } from "../support/marina_process.ts";
import { createModelStore } from "../support/model_store.ts";
import { TempFolder } from "../support/temp_folder.ts";

const ignore = Deno.build.os === "windows" || !hasCurl();

function hasCurl(): boolean {
  try {
    return new Deno.Command("curl", { args: ["--version"] }).outputSync().success;
  } catch {
    return false;
  }
}

/** Status and body of `curl --unix-socket`, as an operator would ask. */
async function curl(socket: string, path: string, ...args: string[]): Promise<[number, string]> {
  const { stdout } = await new Deno.Command("curl", {
    args: [
      "-sS",
      "--unix-socket",
      socket,
      "-w",
      "%{http_code}",
      ...args,
      `http://localhost${path}`,
    ],
  }).output();
  const text = new TextDecoder().decode(stdout);
  return [Number(text.slice(-3)), text.slice(0, -3)];
}

Deno.test({
  name:
    "serve answers on Unix sockets, takes over what a killed server left, and tidies up (§2 inference_address, management_address, metrics_address)",
  ignore,
  async fn() {
    await using store = await createModelStore({});
    await using folder = await TempFolder.create();
    const [inference, management] = [folder.at("inference.sock"), folder.at("management.sock")];
    const options = {
      args: ["--model-store", store.dir, "--ncs"],
      config: {
        inference_address: `unix:${inference}`,
        management_address: `unix:${management}`,
      },
    };
    {
      await using killed = await startMarina(options);
      await killed.stop("SIGKILL");
    }
    deepStrictEqual(await folder.list(), ["inference.sock", "management.sock"]);
    await using marina = await startMarina(options);
    strictEqual(marina.inferenceUrl, `unix:${inference}`);
    for (const socket of [inference, management]) {
      strictEqual((await Deno.stat(socket)).mode! & 0o777, 0o600);
    }
    strictEqual((await curl(inference, "/ping"))[0], 200);
    strictEqual((await curl(management, "/models"))[0], 200);
    strictEqual(await marina.stop(), 0);
    deepStrictEqual(await folder.list(), []);
  },
});

Deno.test({
  name:
    "serve answers for inference, management and metrics on one address, each path with its role's token (§1.2, T41)",
  ignore,
  async fn() {
    await using store = await createModelStore({ noop: { handler: NOOP_HANDLER } });
    await using folder = await TempFolder.create();
    const socket = folder.at("all.sock");
    await using marina = await startMarina({
      args: ["--model-store", store.dir, "--models", "noop.mar", "--ncs"],
      config: {
        inference_address: `unix:${socket}`,
        management_address: `unix:${socket}`,
        disable_token_authorization: false,
        default_workers_per_model: 1,
      },
      cwd: folder.path,
    });
    strictEqual(marina.managementUrl, marina.inferenceUrl);
    const keys = JSON.parse(await Deno.readTextFile(folder.at("key_file.json")));
    const ask = async (path: string, role?: string, ...args: string[]): Promise<number> => {
      const header = role === undefined ? [] : ["-H", `Authorization: Bearer ${keys[role].key}`];
      return (await curl(socket, path, ...header, ...args))[0];
    };
    strictEqual(await ask("/ping", "inference"), 200);
    strictEqual(await ask("/ping", "management"), 400);
    strictEqual(await ask("/predictions/noop", "inference", "-d", "x"), 200);
    strictEqual(await ask("/models/noop/1.0", "management"), 200);
    strictEqual(await ask("/models/noop/all", "management"), 200);
    strictEqual(await ask("/models/noop/1.0", "inference"), 400);
    strictEqual(await ask("/metrics"), 200);
    strictEqual(await ask("/token?type=management", "API"), 200);
    strictEqual(await ask("/models", "management"), 400, "the key of before");
    const onItsOwn = await fetch(`${marina.metricsUrl}/metrics`);
    strictEqual(onItsOwn.status, 200, "the metrics port is open, too");
    await onItsOwn.body?.cancel();
  },
});
