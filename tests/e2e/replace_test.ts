import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { FileServer } from "../support/file_server.ts";
import { ManagementClient, startWithModelApi, toError } from "../support/management_client.ts";
import { createModelStore } from "../support/model_store.ts";
import { TempFolder } from "../support/temp_folder.ts";
import { ServerHome } from "./_server_home.ts";

/** Answers which build it is, after a while that keeps requests in flight; nothing that has to be bundled. */
const toModel = (build: number) => ({ handlerFile: "handler.js", handler: toHandler(build) });

const toHandler = (build: number): string => `
export async function handle(rows) {
  if (rows === null) return;
  await new Promise((resolve) => setTimeout(resolve, 2));
  return rows.map(() => "build ${build}");
}
`;

const CONNECTIONS = 32;
const REPLACEMENTS = 4;

/** Registers build 0, replaces it under load by the others, and expects that nobody has noticed. */
async function replaceUnderLoad(
  management: ManagementClient,
  inferenceUrl: string,
  prepare: (build: number) => Promise<string>,
): Promise<void> {
  const toQuery = async (build: number) => `url=${encodeURIComponent(await prepare(build))}`;
  await management.call(`POST /models?${await toQuery(0)}&initial_workers=2&batch_size=4`);
  const failures: string[] = [];
  const seen = new Set<string>();
  let isOver = false;
  let answers = 0;
  const ask = () => fetch(`${inferenceUrl}/predictions/net`, { method: "POST", body: "x" });
  const load = Promise.all(Array.from({ length: CONNECTIONS }, async () => {
    while (!isOver) {
      const response = await ask();
      const text = await response.text();
      if (response.status === 200) seen.add(text);
      else failures.push(`${response.status} ${text}`);
      answers++;
    }
  }));
  try {
    for (let build = 1; build <= REPLACEMENTS; build++) {
      const line = `PUT /models/net?replace=true&${await toQuery(build)}`;
      deepStrictEqual(await management.call(line), [200, {
        status: 'Model "net" Version: 1.0 replaced by version 1.0',
      }]);
      strictEqual(await (await ask()).text(), `build ${build}`);
    }
  } finally {
    isOver = true;
    await load;
  }
  deepStrictEqual(failures, []);
  deepStrictEqual([...seen].sort(), [0, 1, 2, 3, 4].map((build) => `build ${build}`));
  ok(answers > CONNECTIONS * REPLACEMENTS);
  const [{ batchSize, workers }, ...others] = await management.describe("net/all");
  deepStrictEqual([batchSize, workers.length, others], [4, 2, []]);
}

Deno.test("PUT /models/{name}?replace=true fails no request of 32 connections over 4 replacements", async () => {
  await using store = await createModelStore({ "net@0": toModel(0) });
  for (let build = 1; build <= REPLACEMENTS; build++) {
    await store.add(`net@${build}`, toModel(build));
  }
  await using marina = await startWithModelApi(store.dir);
  const management = new ManagementClient(marina);
  await replaceUnderLoad(
    management,
    marina.inferenceUrl,
    (build) => Promise.resolve(`net@${build}.mar`),
  );
  strictEqual((await management.describe("net"))[0].modelUrl, "net@4.mar");
});

Deno.test("PUT /models/{name}?replace=true takes what now has the name that is in use, and fails no request", async () => {
  await using store = await createModelStore({});
  await using marina = await startWithModelApi(store.dir);
  await replaceUnderLoad(new ManagementClient(marina), marina.inferenceUrl, async (build) => {
    await store.add("net", toModel(build));
    return "net.mar";
  });
});

Deno.test("PUT /models/{name}?replace=true downloads the URL that is in use anew, fails no request, and keeps one copy, also over a restart (T13)", async () => {
  await using builds = await createModelStore({});
  for (let build = 0; build <= REPLACEMENTS; build++) {
    await builds.add(`net@${build}`, toModel(build));
  }
  await builds.add("broken", {
    handler: "export function handle() {\n  throw new Error('No');\n}\n",
  });
  let current = "net@0";
  await using server = new FileServer({
    "/net.mar": async () => new Response(await Deno.readFile(`${builds.dir}/${current}.mar`)),
  });
  const url = `${server.url}/net.mar`;
  await using store = await TempFolder.create();
  await using home = await ServerHome.create(store.path, `allowed_urls=${server.url}/.*\n`);
  const listCopies = async () =>
    (await store.list()).filter((name) => !name.startsWith(".downloaded-"));
  {
    await using marina = await home.start();
    const management = new ManagementClient(marina);
    await replaceUnderLoad(management, marina.inferenceUrl, async (build) => {
      deepStrictEqual(await listCopies(), build === 0 ? [] : ["net.mar"]);
      current = `net@${build}`;
      return url;
    });
    deepStrictEqual(await listCopies(), ["net.mar"]);
    current = "broken";
    strictEqual((await management.call(`PUT /models/net?replace=true&url=${url}`))[0], 500);
    deepStrictEqual(await listCopies(), ["net.mar"]);
    await marina.stop("SIGKILL");
  }
  await using marina = await home.start();
  const management = new ManagementClient(marina);
  const ask = async () => await (await fetch(`${marina.inferenceUrl}/predictions/net`)).text();
  strictEqual(await ask(), "build 4");
  current = "net@1";
  strictEqual((await management.call(`PUT /models/net?replace=true&url=${url}`))[0], 200);
  strictEqual(await ask(), "build 1");
  strictEqual((await management.call("DELETE /models/net"))[0], 200);
  deepStrictEqual(await store.list(), []);
});

Deno.test("PUT /models/{name}?replace=true leaves the old version when the new one cannot start, and takes a new version's name over", async () => {
  await using store = await createModelStore({
    "net@1": { handler: toHandler(1), version: "1.0" },
    "net@2": { handler: toHandler(2), version: "2.0" },
    "net@3": {
      handler: "export function handle() {\n  throw new Error('No');\n}\n",
      version: "3.0",
    },
  });
  await using marina = await startWithModelApi(store.dir);
  const management = new ManagementClient(marina);
  const ask = async (): Promise<string> =>
    await (await fetch(`${marina.inferenceUrl}/predictions/net`, { method: "POST", body: "x" }))
      .text();
  await management.call("POST /models?url=net@1.mar&initial_workers=1");
  deepStrictEqual(
    await management.call("PUT /models/net?replace=true&url=net@3.mar"),
    toError(500, "InternalServerException", "Failed to start workers for model net version: 3.0"),
  );
  strictEqual(await ask(), "build 1");
  deepStrictEqual(await management.call("PUT /models/net/1.0?replace=true&url=net@2.mar"), [200, {
    status: 'Model "net" Version: 1.0 replaced by version 2.0',
  }]);
  strictEqual(await ask(), "build 2");
  deepStrictEqual(
    (await management.describe("net/all")).map((one) => [one.modelVersion, one.defaultVersion]),
    [["2.0", true]],
  );
  strictEqual((await management.call("PUT /models/nope?replace=true&url=net@1.mar"))[0], 404);
});
