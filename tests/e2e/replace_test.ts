import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { ManagementClient, startWithModelApi, toError } from "../support/management_client.ts";
import { createModelStore } from "../support/model_store.ts";

/** Answers which build it is, after a while that keeps requests in flight. */
const toHandler = (build: number): string => `
export async function handle(rows) {
  if (rows === null) return;
  await new Promise((resolve) => setTimeout(resolve, 2));
  return rows.map(() => "build ${build}");
}
`;

const CONNECTIONS = 32;
const REPLACEMENTS = 4;

Deno.test("PUT /models/{name}?replace=true fails no request of 32 connections over 4 replacements", async () => {
  await using store = await createModelStore({ "net@0": { handler: toHandler(0) } });
  for (let build = 1; build <= REPLACEMENTS; build++) {
    await store.add(`net@${build}`, { handler: toHandler(build) });
  }
  await using marina = await startWithModelApi(store.dir);
  const management = new ManagementClient(marina);
  await management.call("POST /models?url=net@0.mar&initial_workers=2&batch_size=4");
  const failures: string[] = [];
  const seen = new Set<string>();
  let isOver = false;
  let answers = 0;
  const load = Promise.all(Array.from({ length: CONNECTIONS }, async () => {
    while (!isOver) {
      const response = await fetch(`${marina.inferenceUrl}/predictions/net`, {
        method: "POST",
        body: "x",
      });
      const text = await response.text();
      if (response.status === 200) seen.add(text);
      else failures.push(`${response.status} ${text}`);
      answers++;
    }
  }));
  try {
    for (let build = 1; build <= REPLACEMENTS; build++) {
      const line = `PUT /models/net?replace=true&url=net@${build}.mar`;
      deepStrictEqual(await management.call(line), [200, {
        status: 'Model "net" Version: 1.0 replaced by version 1.0',
      }]);
      const after = await fetch(`${marina.inferenceUrl}/predictions/net`, {
        method: "POST",
        body: "x",
      });
      strictEqual(await after.text(), `build ${build}`);
    }
  } finally {
    isOver = true;
    await load;
  }
  deepStrictEqual(failures, []);
  deepStrictEqual([...seen].sort(), [0, 1, 2, 3, 4].map((build) => `build ${build}`));
  ok(answers > CONNECTIONS * REPLACEMENTS);
  const [{ modelUrl, batchSize, workers }, ...others] = await management.describe("net/all");
  deepStrictEqual([modelUrl, batchSize, workers.length, others], ["net@4.mar", 4, 2, []]);
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
