import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { ManagementClient, NOOP_HANDLER } from "../support/management_client.ts";
import { startMarina } from "../support/marina_process.ts";
import { buildTgz } from "../support/tar_builder.ts";
import { TempFolder } from "../support/temp_folder.ts";
import { buildZip } from "../support/zip_builder.ts";

const MANIFEST = JSON.stringify({
  runtime: "deno",
  model: { modelName: "noop", modelVersion: "1.0", handler: "handler.ts" },
});

/** Archives that must not be unpacked, by their file names. */
const HOSTILE: Readonly<Record<string, Uint8Array>> = {
  "climbs.mar": buildZip([
    { name: "MAR-INF/MANIFEST.json", data: MANIFEST },
    { name: "handler.ts", data: NOOP_HANDLER },
    { name: "../../escaped.txt", data: "out" },
  ]),
  "absolute.mar": buildZip([
    { name: "MAR-INF/MANIFEST.json", data: MANIFEST },
    { name: "/tmp/escaped.txt", data: "out" },
  ]),
  "link.tar.gz": buildTgz([
    { name: "noop/MAR-INF/MANIFEST.json", data: MANIFEST },
    { name: "noop/handler.ts", type: "2", linkName: "/etc/passwd" },
  ]),
  "no-handler.mar": buildZip([{ name: "MAR-INF/MANIFEST.json", data: MANIFEST }]),
  "manifest-climbs.mar": buildZip([{
    name: "MAR-INF/MANIFEST.json",
    data: MANIFEST.replace("handler.ts", "../../handler.ts"),
  }, { name: "handler.ts", data: NOOP_HANDLER }]),
  "bad-manifest.mar": buildZip([{ name: "MAR-INF/MANIFEST.json", data: "{" }]),
  "bad-config.mar": buildZip([
    {
      name: "MAR-INF/MANIFEST.json",
      data: MANIFEST.replace('"handler"', '"configFile": "c.yaml", "handler"'),
    },
    { name: "handler.ts", data: NOOP_HANDLER },
    { name: "c.yaml", data: "- [" },
  ]),
  "cut-off.mar": buildZip([{ name: "handler.ts", data: NOOP_HANDLER }]).slice(0, 40),
  "no-archive.mar": new TextEncoder().encode("plain text"),
  "empty.mar": new Uint8Array(),
};

Deno.test("POST /models answers 400 to archives that lead astray, tells no path of the server and leaves nothing behind (§1.6 url)", async (t) => {
  await using folder = await TempFolder.create();
  const tempDir = folder.at("temp");
  await Deno.mkdir(tempDir);
  for (const [name, bytes] of Object.entries(HOSTILE)) await folder.write(`store/${name}`, bytes);
  await using marina = await startMarina({
    args: ["--model-store", folder.at("store"), "--enable-model-api"],
    env: { TMPDIR: tempDir },
  });
  const management = new ManagementClient(marina);
  const [unpackRoot] = await folder.list("temp");
  match(unpackRoot!, /^marina-models-/);
  for (const name of Object.keys(HOSTILE)) {
    await t.step(name, async () => {
      const [status, body] = await management.call(`POST /models?url=${name}&initial_workers=1`);
      const { type, message } = body as { type: string; message: string };
      deepStrictEqual([status, type], [400, "InvalidModelException"]);
      ok(!message.includes(folder.path) && !message.includes(unpackRoot!), message);
      deepStrictEqual(await folder.list(`temp/${unpackRoot}`), []);
      deepStrictEqual(await folder.list("temp"), [unpackRoot]);
      deepStrictEqual(await folder.list(), ["store", "temp"]);
    });
  }
  await t.step("none of them is registered, and the server goes on", async () => {
    deepStrictEqual(await management.call("GET /models"), [200, { models: [] }]);
    deepStrictEqual(await (await fetch(`${marina.inferenceUrl}/ping`)).json(), {
      status: "Healthy",
    });
  });
});

Deno.test("--models all serves every format of one store, and skips what is broken with a log line (§1.6 url)", async () => {
  await using folder = await TempFolder.create();
  const files = (name: string) => [
    { name: "MAR-INF/MANIFEST.json", data: MANIFEST.replace("noop", name) },
    { name: "handler.ts", data: NOOP_HANDLER.replace("'ok'", `'${name}'`) },
  ];
  await folder.write("store/zipped.mar", buildZip(files("zipped")));
  await folder.write(
    "store/tarred.tar.gz",
    buildTgz(
      files("tarred").map(({ name, data }) => ({ name: `tarred/${name}`, data })),
    ),
  );
  await folder.write("store/misnamed.mar", buildTgz(files("misnamed")));
  for (const { name, data } of files("open")) await folder.write(`store/open/${name}`, data);
  await folder.write("store/broken.mar", HOSTILE["climbs.mar"]);
  await folder.write("store/broken/handler.py", "print('hello')");
  await folder.write("store/notes.txt", "no archive");
  await using marina = await startMarina({
    args: ["--model-store", folder.at("store"), "--models", "all"],
    config: { default_workers_per_model: 1 },
  });
  const [, listed] = await new ManagementClient(marina).call("GET /models");
  deepStrictEqual(listed, {
    models: [
      { modelName: "misnamed", modelUrl: "misnamed.mar" },
      { modelName: "open", modelUrl: "open" },
      { modelName: "tarred", modelUrl: "tarred.tar.gz" },
      { modelName: "zipped", modelUrl: "zipped.mar" },
    ],
  });
  for (const name of ["misnamed", "open", "tarred", "zipped"]) {
    const response = await fetch(`${marina.inferenceUrl}/predictions/${name}`);
    strictEqual(await response.text(), name);
  }
  for (const url of ["broken", "broken.mar"]) {
    const line = JSON.parse(await marina.waitForStderr(new RegExp(`Failed to load.*"${url}"`)));
    deepStrictEqual([line.level, line.url], ["error", url]);
    match(line.reason, /^Cannot /);
  }
});
