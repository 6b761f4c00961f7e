/** What of a manifest counts at POST /models, and what the request says instead. */
import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { ManagementClient, startWithModelApi, toError } from "../support/management_client.ts";
import { TempFolder } from "../support/temp_folder.ts";
import { buildZip } from "../support/zip_builder.ts";

const HANDLER = (word: string) =>
  `export function handle(rows) {
  return rows?.map(() => "${word}");
}
`;

/** Two handlers, and the manifest that is given; none for `undefined`. */
function buildArchive(manifest: unknown): Uint8Array {
  const files = [
    { name: "one.ts", data: HANDLER("one") },
    { name: "two.ts", data: HANDLER("two") },
  ];
  if (manifest === undefined) return buildZip(files);
  return buildZip([{ name: "MAR-INF/MANIFEST.json", data: JSON.stringify(manifest) }, ...files]);
}

const STORED: Readonly<Record<string, unknown>> = {
  whole: {
    runtime: "python",
    model: { modelName: "noop", modelVersion: "1.11", handler: "one.ts" },
  },
  nameless: { model: { handler: "one.ts" } },
  bare: undefined,
  java: { runtime: "java", model: { modelName: "java", handler: "one.ts" } },
};

Deno.test("POST /models takes name, version, handler and runtime from the manifest, unless the query names them (§1.6 model_name, handler, runtime)", async (t) => {
  await using folder = await TempFolder.create();
  for (const [name, manifest] of Object.entries(STORED)) {
    await folder.write(`store/${name}.mar`, buildArchive(manifest));
  }
  await using marina = await startWithModelApi(folder.at("store"));
  const management = new ManagementClient(marina);
  const predict = async (name: string) =>
    await (await fetch(`${marina.inferenceUrl}/predictions/${name}`)).text();
  const registered = (name: string, version: string): [number, unknown] => [200, {
    status: `Model "${name}" Version: ${version} registered with 1 initial workers`,
  }];
  const invalid = (message: string) => toError(400, "InvalidModelException", message);

  await t.step("all of the manifest", async () => {
    deepStrictEqual(
      await management.call("POST /models?url=whole.mar"),
      registered("noop", "1.11"),
    );
    strictEqual((await management.describe("noop"))[0].runtime, "python");
    strictEqual(await predict("noop"), "one");
  });
  await t.step("model_name, handler and runtime of the query", async () => {
    const query = "url=whole.mar&model_name=mine&handler=two.ts&runtime=python3";
    deepStrictEqual(await management.call(`POST /models?${query}`), registered("mine", "1.11"));
    strictEqual((await management.describe("mine"))[0].runtime, "python3");
    strictEqual(await predict("mine"), "two");
  });
  await t.step("no name in either, and a version of 1.0 where there is none", async () => {
    for (const name of ["nameless", "bare"]) {
      const line = `POST /models?url=${name}.mar`;
      deepStrictEqual(await management.call(line), invalid("Model name is not defined."));
      deepStrictEqual(
        await management.call(`${line}&model_name=${name}&handler=one.ts`),
        registered(name, "1.0"),
      );
    }
  });
  await t.step("a runtime that is none", async () => {
    deepStrictEqual(
      await management.call("POST /models?url=java.mar"),
      invalid("Runtime is not defined or invalid."),
    );
  });
});
