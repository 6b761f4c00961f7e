import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { FileServer } from "../support/file_server.ts";
import { ManagementClient } from "../support/management_client.ts";
import { type MarinaProcess, startMarina } from "../support/marina_process.ts";
import { createModelStore } from "../support/model_store.ts";

/** A `handler.ts` that answers this text. */
const answering = (text: string) =>
  `export function handle(rows) {\n  return rows?.map(() => ${JSON.stringify(text)});\n}\n`;

async function startWatching(
  storeDir: string,
  args: readonly string[],
  config: Record<string, string> = {},
): Promise<MarinaProcess> {
  return await startMarina({
    args: ["--model-store", storeDir, "--watch", "--ncs", "--enable-model-api", ...args],
    config: { default_workers_per_model: 1, ...config },
  });
}

async function predict(marina: MarinaProcess, name: string): Promise<string> {
  return await (await fetch(`${marina.inferenceUrl}/predictions/${name}`)).text();
}

/** The fields of the first log line that says so of an archive. */
async function waitForLine(
  marina: MarinaProcess,
  message: string,
  field: string,
): Promise<Record<string, unknown>> {
  return JSON.parse(await marina.waitForStderr(new RegExp(`"${message}".*"${field}"`)));
}

Deno.test("serve --watch reloads a model whose archive changed, with what it was registered with", async () => {
  await using store = await createModelStore({ "net@1": { handler: answering("one") } });
  await using marina = await startWatching(store.dir, []);
  const management = new ManagementClient(marina);
  await management.call("POST /models?url=net@1.mar&model_name=mine&batch_size=3");
  await management.call("PUT /models/mine?min_worker=2&synchronous=true");
  strictEqual(await predict(marina, "mine"), "one");

  await store.add("net@1", { handler: answering("two"), version: "2.0" });
  const line = await waitForLine(marina, "Model is reloaded", "net@1.mar");
  deepStrictEqual([line.level, line.model, line.version], ["info", "mine", "2.0"]);
  strictEqual(await predict(marina, "mine"), "two");
  const [model] = await management.describe("mine");
  deepStrictEqual(
    [model.modelVersion, model.modelUrl, model.batchSize, model.minWorkers],
    ["2.0", "net@1.mar", 3, 2],
  );
});

Deno.test("serve --watch keeps the old model while its new archive is broken, and takes the mended one", async () => {
  await using store = await createModelStore({ net: { handler: answering("one") } });
  await using marina = await startWatching(store.dir, ["--models", "net.mar"]);
  await Deno.writeTextFile(`${store.dir}/net.mar`, "no archive");
  const unreadable = await waitForLine(
    marina,
    "Cannot reload a model, it serves on as it was",
    "net.mar",
  );
  deepStrictEqual([unreadable.level, unreadable.model], ["error", "net"]);
  strictEqual(await predict(marina, "net"), "one");

  await store.add("net", { handler: `${answering("two")}throw new Error("not today");\n` });
  await marina.waitForStderr(/Cannot reload a model.*Failed to start workers for model net/);
  strictEqual(await predict(marina, "net"), "one");

  await store.add("net", { handler: answering("three") });
  await waitForLine(marina, "Model is reloaded", "net.mar");
  strictEqual(await predict(marina, "net"), "three");
});

Deno.test("serve --watch reloads a folder archive when a file in it changed", async () => {
  await using store = await createModelStore({});
  const folder = `${store.dir}/net`;
  await Deno.mkdir(`${folder}/MAR-INF`, { recursive: true });
  const model = { modelName: "net", modelVersion: "1.0", handler: "handler.ts" };
  await Deno.writeTextFile(
    `${folder}/MAR-INF/MANIFEST.json`,
    JSON.stringify({ runtime: "deno", model }),
  );
  await Deno.writeTextFile(`${folder}/handler.ts`, answering("one"));
  await using marina = await startWatching(store.dir, ["--models", "all"]);
  strictEqual(await predict(marina, "net"), "one");
  await Deno.writeTextFile(`${folder}/handler.ts`, answering("another"));
  await waitForLine(marina, "Model is reloaded", "net");
  strictEqual(await predict(marina, "net"), "another");
});

Deno.test("serve --watch --models all registers archives that come, and leaves models whose archive goes", async () => {
  await using store = await createModelStore({ old: { handler: answering("old") } });
  await using marina = await startWatching(store.dir, ["--models", "all"]);
  await Deno.writeTextFile(`${store.dir}/notes.txt`, "no archive");
  await store.add("new", { handler: answering("new") });
  const line = await waitForLine(marina, "Model is registered", "new.mar");
  deepStrictEqual([line.part, line.model], ["watch", "new"]);
  strictEqual(await predict(marina, "new"), "new");

  await Deno.remove(`${store.dir}/old.mar`);
  await waitForLine(marina, "The archive of a model is gone, the model stays", "old.mar");
  strictEqual(await predict(marina, "old"), "old");
  const [, { models }] = await new ManagementClient(marina).call("GET /models") as [
    number,
    { models: unknown[] },
  ];
  deepStrictEqual(models.length, 2);
});

Deno.test("serve --watch registers a named startup model once its archive is mended, and nothing else", async () => {
  await using store = await createModelStore({});
  await Deno.writeTextFile(`${store.dir}/net.mar`, "no archive");
  await using marina = await startWatching(store.dir, ["--models", "mine=net.mar"]);
  await store.add("other", { handler: answering("other") });
  await store.add("net", { handler: answering("mended") });
  await marina.waitForStderr(/"Model is registered".*"mine"/);
  strictEqual(await predict(marina, "mine"), "mended");
  const [, listed] = await new ManagementClient(marina).call("GET /models");
  deepStrictEqual(listed, { models: [{ modelName: "mine", modelUrl: "net.mar" }] });
});

Deno.test("serve --watch leaves what is being downloaded to those who asked for it, and keeps a download that was edited", async () => {
  await using store = await createModelStore({ far: { handler: answering("far") } });
  const bytes = await Deno.readFile(`${store.dir}/far.mar`);
  await Deno.remove(`${store.dir}/far.mar`);
  await using server = new FileServer({ "/far.mar": () => new Response(bytes) });
  await using marina = await startWatching(store.dir, ["--models", "all"], {
    allowed_urls: `${server.url}/.*`,
  });
  const management = new ManagementClient(marina);
  const [status] = await management.call(`POST /models?url=${server.url}/far.mar`);
  strictEqual(status, 200);
  await store.add("far", { handler: answering("edited") });
  await waitForLine(marina, "Model is reloaded", "far.mar");
  strictEqual(await predict(marina, "far"), "edited");
  deepStrictEqual(
    marina.stderrLines.filter((line) => /"part":"watch".*("error"|registered)/.test(line)),
    [],
  );
  const names = await Array.fromAsync(Deno.readDir(store.dir), ({ name }) => name);
  deepStrictEqual(names.filter((name) => !name.startsWith(".")), ["far.mar"]);
});
