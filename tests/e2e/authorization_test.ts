import { deepStrictEqual, match, notStrictEqual, ok, strictEqual } from "node:assert/strict";
import { join } from "node:path";
import { type MarinaProcess, runMarina, startMarina } from "../support/marina_process.ts";
import { NOOP_HANDLER } from "../support/management_client.ts";
import { createModelStore } from "../support/model_store.ts";
import { TempFolder } from "../support/temp_folder.ts";

type Role = "management" | "inference" | "API";

const REFUSED = {
  code: 400,
  type: "InvalidKeyException",
  message: "Token Authorization failed. Token either incorrect, expired, or not provided correctly",
};

async function readKey(folder: TempFolder, role: Role): Promise<string> {
  return JSON.parse(await Deno.readTextFile(folder.at("key_file.json")))[role].key;
}

async function ask(url: string, key?: string, method = "GET"): Promise<[number, unknown]> {
  const headers = key === undefined ? undefined : { authorization: `Bearer ${key}` };
  const response = await fetch(url, { method, headers });
  const text = await response.text();
  return [response.status, text.startsWith("{") ? JSON.parse(text) : text];
}

/** Every line that the server has written anywhere. */
async function readLogs(marina: MarinaProcess): Promise<string> {
  const texts = [...marina.stdoutLines, ...marina.stderrLines];
  for await (const { name, isFile } of Deno.readDir(marina.logDir)) {
    if (isFile) texts.push(await Deno.readTextFile(join(marina.logDir, name)));
  }
  return texts.join("\n");
}

Deno.test("serve asks for tokens unless it is told otherwise, on two ports of three (T1, §1.9)", async (t) => {
  await using store = await createModelStore({ noop: { handler: NOOP_HANDLER } });
  await using folder = await TempFolder.create();
  const args = ["--model-store", store.dir, "--models", "noop.mar", "--ncs"];
  const config = { disable_token_authorization: false, default_workers_per_model: 1 };
  await using marina = await startMarina({ args, config, cwd: folder.path });
  const { inferenceUrl, managementUrl, metricsUrl } = marina;
  const keys = {
    management: await readKey(folder, "management"),
    inference: await readKey(folder, "inference"),
    API: await readKey(folder, "API"),
  };

  await t.step("the log says where the keys are", async () => {
    match(await marina.waitForStderr(/Requests need a token/), /key_file\.json/);
    if (Deno.build.os !== "windows") {
      strictEqual((await Deno.stat(folder.at("key_file.json"))).mode! & 0o777, 0o600);
    }
  });

  await t.step("without a token, or with that of another role, all is refused (T1)", async () => {
    for (const path of ["/ping", "/predictions/noop", "/no/such/path", "/"]) {
      deepStrictEqual(await ask(inferenceUrl + path), [400, REFUSED], path);
      deepStrictEqual(await ask(inferenceUrl + path, keys.management), [400, REFUSED], path);
      deepStrictEqual(await ask(inferenceUrl + path, keys.API), [400, REFUSED], path);
    }
    for (const path of ["/models", "/models/noop", "/v1/models/noop", "/no/such/path"]) {
      deepStrictEqual(await ask(managementUrl + path), [400, REFUSED], path);
      deepStrictEqual(await ask(managementUrl + path, keys.inference), [400, REFUSED], path);
    }
  });

  await t.step("a CORS preflight needs a token, too (T1)", async () => {
    const preflight = await fetch(`${inferenceUrl}/predictions/noop`, {
      method: "OPTIONS",
      headers: { "access-control-request-method": "POST" },
    });
    deepStrictEqual([preflight.status, await preflight.json()], [400, REFUSED]);
  });

  await t.step("with its token each port answers", async () => {
    deepStrictEqual(await ask(`${inferenceUrl}/ping`, keys.inference), [200, {
      status: "Healthy",
    }]);
    deepStrictEqual(await ask(`${inferenceUrl}/predictions/noop`, keys.inference, "POST"), [
      200,
      "ok",
    ]);
    deepStrictEqual(await ask(`${managementUrl}/models`, keys.management), [200, {
      models: [{ modelName: "noop", modelUrl: "noop.mar" }],
    }]);
  });

  await t.step("descriptions of the API and the metrics port need none (§1.9)", async () => {
    for (const url of [inferenceUrl, managementUrl]) {
      notStrictEqual((await ask(`${url}/`, undefined, "OPTIONS"))[0], 400);
      notStrictEqual((await ask(`${url}/api-description`))[0], 400);
    }
    strictEqual((await ask(`${metricsUrl}/metrics`))[0], 200);
  });

  await t.step("with a token, register and unregister are still off (T2, §1.10)", async () => {
    for (const [path, method] of [["/models?url=noop.mar", "POST"], ["/models/noop", "DELETE"]]) {
      deepStrictEqual(await ask(managementUrl + path, keys.management, method), [405, {
        code: 405,
        type: "MethodNotAllowedException",
        message: "Requested method is not allowed, please refer to API document.",
      }]);
    }
    for (
      const [path, method, status] of [
        ["/models", "GET", 200],
        ["/models/noop", "GET", 200],
        ["/models/noop?min_worker=1&synchronous=true", "PUT", 200],
        ["/models/noop/1.0/set-default", "PUT", 200],
      ] as const
    ) {
      strictEqual((await ask(managementUrl + path, keys.management, method))[0], status, path);
    }
  });

  await t.step("/token with the API key makes one key anew (§1.9, T35)", async () => {
    deepStrictEqual(await ask(`${managementUrl}/token?type=inference`, keys.API), [200, "\n"]);
    const renewed = await readKey(folder, "inference");
    notStrictEqual(renewed, keys.inference);
    deepStrictEqual(await ask(`${inferenceUrl}/ping`, keys.inference), [400, REFUSED]);
    deepStrictEqual(await ask(`${inferenceUrl}/ping`, renewed), [200, { status: "Healthy" }]);
    strictEqual((await ask(`${managementUrl}/models`, keys.management))[0], 200);
    deepStrictEqual(await ask(`${managementUrl}/token?type=inference`, keys.management), [400, {
      ...REFUSED,
      message: REFUSED.message.replace("Authorization", "Authentication"),
    }]);
  });

  await t.step("no key is in a log", async () => {
    const logs = await readLogs(marina);
    const all = [...Object.values(keys), await readKey(folder, "inference")];
    for (const key of all) ok(!logs.includes(key));
  });

  await t.step("a second server in the folder does not take the keys away", async () => {
    const text = await Deno.readTextFile(folder.at("key_file.json"));
    const second = await runMarina(["serve", "--model-store", store.dir], {
      cwd: folder.path,
      env: { LOG_LOCATION: folder.at("logs") },
    });
    strictEqual(second.code, 1);
    match(second.stderr, /key_file\.json" must not be another running server's; start in another/);
    strictEqual(await Deno.readTextFile(folder.at("key_file.json")), text);
  });

  strictEqual(await marina.stop(), 0);
});

Deno.test("with token authorization off nobody is asked, and /token does not exist (§1.9)", async () => {
  await using store = await createModelStore({});
  await using folder = await TempFolder.create();
  await using marina = await startMarina({
    args: ["--model-store", store.dir, "--ncs", "--disable-token-auth"],
    config: { disable_token_authorization: false },
    cwd: folder.path,
  });
  deepStrictEqual(await ask(`${marina.inferenceUrl}/ping`), [200, { status: "Healthy" }]);
  strictEqual((await ask(`${marina.managementUrl}/token?type=inference`, "x"))[0], 404);
  ok(!(await folder.list()).includes("key_file.json"));
});
