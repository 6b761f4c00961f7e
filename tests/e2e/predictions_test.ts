import { deepStrictEqual, match, notStrictEqual, strictEqual } from "node:assert/strict";
import { type Echo, ECHO_HANDLER } from "../support/echo_handler.ts";
import { startMarina } from "../support/marina_process.ts";
import { createModelStore } from "../support/model_store.ts";
import { sendRaw } from "../support/raw_http.ts";

const ONE_WORKER = { default_workers_per_model: 1 };
const UUID_REGEXP = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

Deno.test("/predictions tells the handler its route and its headers, by any method (§1.4, T27, T28)", async (t) => {
  await using store = await createModelStore({
    "echo@1": { handler: ECHO_HANDLER, version: "1.0" },
    "echo@2": { handler: ECHO_HANDLER, version: "2.0" },
    plain: {
      handler: "base_handler",
      serializedFile: "tests/testdata/models/identity_float32.onnx",
    },
  });
  await using marina = await startMarina({
    args: ["--model-store", store.dir, "--models", "echo@1.mar", "echo@2.mar", "plain.mar"],
    config: ONE_WORKER,
  });
  const ask = async (path: string, headers: Record<string, string> = {}): Promise<Echo> => {
    const response = await fetch(marina.inferenceUrl + path, { method: "POST", headers });
    strictEqual(response.status, 200);
    return await response.json();
  };

  for (const method of ["POST", "PUT", "DELETE", "PATCH", "PURGE"]) {
    await t.step(`${method} with a body predicts`, async () => {
      const url = `${marina.inferenceUrl}/predictions/echo`;
      const { status, body } = await sendRaw(url, method, ["content-type: text/plain"], "hello");
      strictEqual(status, 200);
      deepStrictEqual(JSON.parse(body).row, { body: { string: "hello" } });
    });
  }

  await t.step("GET predicts without a body, and says so when one is sent", async () => {
    const url = `${marina.inferenceUrl}/predictions/echo`;
    const empty = await sendRaw(url, "GET", ["content-type: text/plain"], "");
    strictEqual(empty.status, 200);
    deepStrictEqual(JSON.parse(empty.body).row, { body: { string: "" } });
    const refused = await sendRaw(url, "GET", ["content-type: text/plain"], "hello");
    deepStrictEqual([refused.status, JSON.parse(refused.body).message], [
      400,
      "Cannot read the body of a GET request: send it with POST",
    ]);
  });

  await t.step("HEAD predicts and answers the headers alone", async () => {
    const response = await fetch(`${marina.inferenceUrl}/predictions/echo`, { method: "HEAD" });
    deepStrictEqual([response.status, await response.text()], [200, ""]);
  });

  const routes = [
    { path: "/predictions/echo", version: "1.0", urlPath: "", explain: "False", kind: "predict" },
    { path: "/predictions/echo/2.0", version: "2.0", urlPath: "" },
    { path: "/predictions/echo/2.0/", version: "2.0", urlPath: "" },
    { path: "/predictions/echo/1.0/a/b%20c?d=/e", version: "1.0", urlPath: "a/b c" },
    { path: "/explanations/echo", version: "1.0", urlPath: "", explain: "True", kind: "explain" },
    {
      path: "/explanations/echo/2.0/x",
      version: "2.0",
      urlPath: "x",
      explain: "True",
      kind: "explain",
    },
  ];
  for (const { path, version, urlPath, explain = "False", kind = "predict" } of routes) {
    await t.step(`POST ${path} reaches version ${version} with url_path "${urlPath}"`, async () => {
      const echo = await ask(path);
      deepStrictEqual(
        [echo.version, echo.headers.url_path, echo.headers.explain, echo.kind],
        [version, urlPath, explain, kind],
      );
    });
  }

  await t.step("url_path and explain are the server's, whatever the client sends", async () => {
    const { headers } = await ask("/predictions/echo/1.0/own", {
      url_path: "forged",
      Explain: "True",
    });
    deepStrictEqual([headers.url_path, headers.explain], ["own", "False"]);
  });

  await t.step("query parameters are no inputs", async () => {
    deepStrictEqual((await ask("/predictions/echo?data=1&body=2")).row, { body: { bytes: [] } });
  });

  await t.step(
    "x-request-id is fresh in each answer, and the client's is for the handler",
    async () => {
      const ids: string[] = [];
      for (let round = 0; round < 2; round++) {
        const response = await fetch(`${marina.inferenceUrl}/predictions/echo`, {
          headers: { "X-Request-Id": "mine" },
        });
        const echo: Echo = await response.json();
        deepStrictEqual([echo.headers["x-request-id"], echo.loud], ["mine", "mine"]);
        const id = response.headers.get("x-request-id")!;
        match(id, UUID_REGEXP);
        strictEqual(echo.requestId, id);
        ids.push(id);
      }
      notStrictEqual(ids[0], ids[1]);
    },
  );

  await t.step("repeated headers arrive joined, bytes above ASCII as Latin-1", async () => {
    const url = `${marina.inferenceUrl}/predictions/echo`;
    const lines = ["X-Tag: one", "x-tag: two", "X-Empty:"];
    const { headers }: Echo = JSON.parse((await sendRaw(url, "GET", lines, "")).body);
    deepStrictEqual([headers["x-tag"], headers["x-empty"]], ["one, two", ""]);
  });

  await t.step(
    "set-default moves requests without a version to another one's handler",
    async () => {
      const url = `${marina.managementUrl}/models/echo/2.0/set-default`;
      deepStrictEqual(await (await fetch(url, { method: "PUT" })).json(), {
        status: 'Default version successfully updated for model "echo" to "2.0"',
      });
      strictEqual((await ask("/predictions/echo")).version, "2.0");
      strictEqual((await ask("/predictions/echo/1.0")).version, "1.0");
    },
  );

  await t.step("/explanations of a handler without explainHandle() answers 501", async () => {
    const response = await fetch(`${marina.inferenceUrl}/explanations/plain`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: "[1, 2, 3]",
    });
    deepStrictEqual([response.status, await response.json()], [501, {
      code: 501,
      type: "InternalServerException",
      message: 'Cannot explain predictions of "plain": its handler has no explainHandle()',
    }]);
  });

  const missing = [
    ["/predictions/nope", "ModelNotFoundException", "Model not found: nope"],
    ["/predictions/nope/1.0", "ModelNotFoundException", "Model not found: nope"],
    ["/explanations/nope", "ModelNotFoundException", "Model not found: nope"],
    [
      "/predictions/echo/3.0",
      "ModelVersionNotFoundException",
      "Model version: 3.0 does not exist for model: echo",
    ],
    [
      "/predictions",
      "ResourceNotFoundException",
      "Requested resource is not found, please refer to API document.",
    ],
    [
      "/Predictions/echo",
      "ResourceNotFoundException",
      "Requested resource is not found, please refer to API document.",
    ],
  ] as const;
  for (const [path, type, message] of missing) {
    await t.step(`POST ${path} answers 404 ${type}`, async () => {
      const { status, head, body } = await sendRaw(marina.inferenceUrl + path, "POST", [], "{}");
      deepStrictEqual([status, JSON.parse(body)], [404, { code: 404, type, message }]);
      match(head, /^connection: close$/im);
    });
  }
});
