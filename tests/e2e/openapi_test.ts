/** What the documents say against what the real server does, on every port and on a shared one. */
import { deepStrictEqual, match, notStrictEqual, ok, strictEqual } from "node:assert/strict";
import { Validator } from "@seriousme/openapi-schema-validator";
import type { OpenApiDocument } from "../../server/openapi/mod.ts";
import {
  type DescribedOperation,
  findAnswerFaults,
  listOperations,
  toExampleRequest,
} from "../support/described_operations.ts";
import { ECHO_HANDLER } from "../support/echo_handler.ts";
import { type MarinaProcess, startMarina } from "../support/marina_process.ts";
import { createModelStore, type ModelStoreFolder } from "../support/model_store.ts";
import { TempFolder } from "../support/temp_folder.ts";

/** Go last, in this order: they take the model away that the others ask, and bring it back. */
const LAST = [
  "DELETE /models/{model_name}/{model_version}",
  "POST /models",
  "DELETE /models/{model_name}",
];

/** What is described as a refusal. */
const STATUS_BY_REFUSED_LINE: Readonly<Record<string, number>> = {
  "POST /workflows": 400,
  "GET /workflows/{workflow_name}": 404,
  "DELETE /workflows/{workflow_name}": 404,
  "GET /v2/models/{model_name}/versions/{rest}": 501,
};

/** A store with what the documents' examples speak of: three versions of `mnist`. */
async function createExampleStore(): Promise<ModelStoreFolder> {
  return await createModelStore({
    mnist: { handler: ECHO_HANDLER, version: "1.0" },
    "mnist@2": { handler: ECHO_HANDLER, version: "2.0" },
    "mnist@3": { handler: ECHO_HANDLER, version: "3.0" },
  });
}

function toArgs(store: ModelStoreFolder): string[] {
  const archives = ["mnist.mar", "mnist@2.mar", "mnist@3.mar"];
  return ["--model-store", store.dir, "--enable-model-api", "--ncs", "--models", ...archives];
}

async function readDocument(url: string): Promise<OpenApiDocument> {
  const response = await fetch(`${url}/openapi.json`);
  strictEqual(response.status, 200);
  return await response.json();
}

async function assertValid(document: unknown): Promise<void> {
  const { valid, errors } = await new Validator().validate(document as Record<string, unknown>);
  ok(valid, JSON.stringify(errors));
}

interface WalkOptions {
  readonly token?: string;
  readonly client?: Deno.HttpClient;
}

/** Asks each operation of a document what its examples say, and holds each answer against the document. */
async function walk(
  url: string,
  document: OpenApiDocument,
  { token, client }: WalkOptions = {},
): Promise<void> {
  const operations = listOperations(document);
  const rank = ({ line }: DescribedOperation): number => LAST.indexOf(line);
  const ordered = operations.toSorted((a, b) => rank(a) - rank(b));
  for (const described of ordered) {
    const { line } = described;
    if (line === LAST[0]) await leaveOnly(url, "1.0", { token, client });
    const response = await fetch(toExampleRequest(url, described, token), { client });
    const expected = STATUS_BY_REFUSED_LINE[line];
    if (expected !== undefined) strictEqual(response.status, expected, line);
    else ok(response.ok, `${line}: ${response.status}`);
    deepStrictEqual(await findAnswerFaults(document, described, response), [], line);
  }
}

/** The default version is unregistered only when it is alone. */
async function leaveOnly(
  url: string,
  kept: string,
  { token, client }: WalkOptions,
): Promise<void> {
  const headers = token === undefined ? undefined : { authorization: `Bearer ${token}` };
  const versions = await (await fetch(`${url}/models/mnist/all`, { headers, client })).json();
  for (const { modelVersion } of versions) {
    if (modelVersion === kept) continue;
    const path = `/models/mnist/${modelVersion}`;
    const gone = await fetch(url + path, { method: "DELETE", headers, client });
    deepStrictEqual([gone.status, (await gone.json()).status], [200, 'Model "mnist" unregistered']);
  }
}

Deno.test("every operation that a port describes is answered as its document says (§1.4, §1.6, §1.8, §1.11)", async (t) => {
  await using store = await createExampleStore();
  await using marina = await startMarina({
    args: toArgs(store),
    config: { default_workers_per_model: 1, ts_open_inference_protocol: true },
  });
  const ports = {
    inference: marina.inferenceUrl,
    management: marina.managementUrl,
    metrics: marina.metricsUrl,
  };
  for (const [port, url] of Object.entries(ports)) {
    await t.step(`the ${port} port has one valid document under its three addresses`, async () => {
      const document = await readDocument(url);
      await assertValid(document);
      for (const [method, path] of [["OPTIONS", "/"], ["GET", "/api-description"]]) {
        deepStrictEqual(await (await fetch(url + path, { method })).json(), document);
      }
    });
  }

  const modelPaths = [
    [ports.inference, "/predictions/mnist"],
    [ports.inference, "/predictions/mnist/2.0"],
    [ports.inference, "/explanations/mnist"],
    [ports.inference, "/explanations/mnist/2.0"],
    [ports.management, "/models/mnist/2.0"],
  ] as const;
  for (const [url, path] of modelPaths) {
    await t.step(`OPTIONS ${path} answers a valid document, which holds`, async () => {
      const document = await (await fetch(url + path, { method: "OPTIONS" })).json();
      await assertValid(document);
      const paths = Object.keys(document.paths);
      ok(paths.includes(path) && paths.every((described) => described.startsWith(path)));
      for (const method of ["DELETE", "PUT"]) {
        for (const item of Object.values<object>(document.paths)) {
          Reflect.deleteProperty(item, method.toLowerCase());
        }
      }
      await walk(url, document);
    });
  }

  for (
    const [url, path] of [
      [ports.inference, "/predictions/nope"],
      [ports.inference, "/predictions/mnist/9.9"],
      [ports.inference, "/explanations/nope"],
      [ports.management, "/models/nope"],
      [ports.management, "/models/mnist/9.9"],
    ] as const
  ) {
    await t.step(`OPTIONS ${path} answers 404`, async () => {
      const response = await fetch(url + path, { method: "OPTIONS" });
      const { code, type } = await response.json();
      deepStrictEqual([response.status, code], [404, 404]);
      match(type, /^Model(?:Version)?NotFoundException$/);
    });
  }

  for (const [port, url] of Object.entries(ports)) {
    await t.step(`the ${port} port answers each of its operations`, async () => {
      await walk(url, await readDocument(url));
    });
  }
});

Deno.test({
  name: "a shared address describes all that it answers, in one document (§1.2, T41)",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using store = await createExampleStore();
    await using folder = await TempFolder.create();
    const path = folder.at("all.sock");
    await using _marina = await startMarina({
      args: toArgs(store),
      config: {
        inference_address: `unix:${path}`,
        management_address: `unix:${path}`,
        default_workers_per_model: 1,
      },
    });
    using client = Deno.createHttpClient({ proxy: { transport: "unix", path } });
    const url = "http://localhost";
    const document = await (await fetch(`${url}/openapi.json`, { client })).json();
    await assertValid(document);
    const paths = Object.keys(document.paths);
    for (const one of ["/ping", "/models", "/models/{model_name}/{model_version}", "/metrics"]) {
      ok(paths.includes(one), one);
    }
    await walk(url, document, { client });
  },
});

Deno.test("with tokens on, descriptions are free and every other operation asks for its own (§1.9, T1)", async (t) => {
  await using store = await createExampleStore();
  await using folder = await TempFolder.create();
  await using marina = await startMarina({
    args: toArgs(store),
    config: { disable_token_authorization: false, default_workers_per_model: 1 },
    cwd: folder.path,
  });
  const readKey = async (role: string): Promise<string> =>
    JSON.parse(await Deno.readTextFile(folder.at("key_file.json")))[role].key;

  for (const role of ["inference", "management"] as const) {
    const url = urlOf(marina, role);
    const document = await readDocument(url);
    await t.step(`the ${role} port's document is valid`, () => assertValid(document));

    await t.step(`without a token the ${role} port answers descriptions alone`, async () => {
      for (const described of listOperations(document)) {
        const response = await fetch(toExampleRequest(url, described));
        const { line, operation } = described;
        if (operation.security === undefined) strictEqual(response.status, 200, line);
        else strictEqual((await response.clone().json()).type, "InvalidKeyException", line);
        deepStrictEqual(await findAnswerFaults(document, described, response), [], line);
      }
    });

    await t.step(`with its token the ${role} port answers each operation`, async () => {
      const [key, apiKey] = [await readKey(role), await readKey("API")];
      const { "/token": tokenPath, ...paths } = document.paths;
      await walk(url, { ...document, paths }, { token: key });
      strictEqual(tokenPath === undefined, role === "inference");
      if (tokenPath === undefined) return;
      await walk(url, { ...document, paths: { "/token": tokenPath } }, { token: apiKey });
      notStrictEqual(await readKey(role), key);
    });
  }
});

function urlOf(marina: MarinaProcess, role: "inference" | "management"): string {
  return role === "inference" ? marina.inferenceUrl : marina.managementUrl;
}
