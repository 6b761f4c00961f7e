/** The prediction routes beside `/predictions`, as clients of TorchServe, SageMaker and KServe use them. */
import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { type Echo, ECHO_HANDLER } from "../support/echo_handler.ts";
import { startMarina } from "../support/marina_process.ts";
import { createModelStore } from "../support/model_store.ts";
import { sendRaw } from "../support/raw_http.ts";
import { TempFolder } from "../support/temp_folder.ts";

const ONE_WORKER = { default_workers_per_model: 1 };

Deno.test("a body without a content type reaches the handler as bytes, by curl -T and as newman sends it (T5)", async (t) => {
  await using store = await createModelStore({ echo: { handler: ECHO_HANDLER } });
  await using folder = await TempFolder.create();
  await using marina = await startMarina({
    args: ["--model-store", store.dir, "--models", "all"],
    config: ONE_WORKER,
  });
  const json = '{"instances":[1]}';
  const bytes = [...new TextEncoder().encode(json)];
  const paths = [
    "/predictions/echo",
    "/v1/models/echo:predict",
    "/v2/models/echo/infer",
    "/models/echo/invoke",
    "/invocations",
    "/endpoints/echo/invocations",
    "/echo/predict",
    "/echo/1.0/predict",
  ];
  await Deno.writeTextFile(folder.at("body.json"), json);
  for (const path of paths) {
    await t.step(`curl -T to ${path}`, async () => {
      const curl = new Deno.Command("curl", {
        args: ["-sS", marina.inferenceUrl + path, "-T", folder.at("body.json")],
        stdout: "piped",
      });
      const { stdout } = await curl.output();
      const echo: Echo = JSON.parse(new TextDecoder().decode(stdout));
      deepStrictEqual(echo.row, { body: { bytes } });
      deepStrictEqual([echo.kind, echo.version], ["predict", "1.0"]);
    });
    await t.step(`POST ${path} without a content type`, async () => {
      const { status, body } = await sendRaw(marina.inferenceUrl + path, "POST", [], json);
      strictEqual(status, 200);
      deepStrictEqual((JSON.parse(body) as Echo).row, { body: { bytes } });
    });
  }
});

Deno.test("headers and inputs of the routes are as documented (§1.4, T27, T28)", async (t) => {
  await using store = await createModelStore({
    one: { handler: ECHO_HANDLER },
    two: { handler: ECHO_HANDLER },
  });
  await using marina = await startMarina({
    args: ["--model-store", store.dir, "--models", "all"],
    config: ONE_WORKER,
  });
  const ask = async (path: string, init: RequestInit = {}): Promise<Echo> => {
    const response = await fetch(marina.inferenceUrl + path, { method: "POST", ...init });
    strictEqual(response.status, 200);
    return await response.json();
  };

  for (
    const { path, explain } of [
      { path: "/v1/models/one:predict", explain: "False" },
      { path: "/v1/models/one:explain", explain: "True" },
      { path: "/v2/models/one/infer", explain: "False" },
      { path: "/v2/models/one/explain", explain: "True" },
    ]
  ) {
    await t.step(`${path} has the header explain: ${explain}, and no url_path`, async () => {
      const { headers } = await ask(path, { headers: { Explain: "forged", url_path: "forged" } });
      deepStrictEqual([headers.explain, headers.url_path], [explain, undefined]);
    });
  }

  await t.step("query parameters are bytes, a field of the body wins over them", async () => {
    const body = new URLSearchParams({ b: "form" });
    const { row } = await ask("/models/one/invoke?a=%C3%BC&b=query", { body });
    deepStrictEqual(row, {
      a: { bytes: [0xc3, 0xbc] },
      b: { bytes: [...new TextEncoder().encode("form")] },
    });
    const { row: alone } = await ask("/one/predict?data=1&body=lost", { method: "DELETE" });
    deepStrictEqual(alone, { data: { bytes: [49] }, body: { bytes: [] } });
  });

  await t.step("/invocations with several startup models needs a name", async () => {
    const refused = await fetch(`${marina.inferenceUrl}/invocations`, {
      method: "POST",
      body: "{}",
    });
    deepStrictEqual([refused.status, (await refused.json()).message], [
      400,
      "Parameter model_name is required.",
    ]);
    const form = new FormData();
    form.set("model_name", "two");
    const { row } = await ask("/invocations", { body: form });
    deepStrictEqual(row, { model_name: { bytes: [116, 119, 111] } });
    await ask("/invocations?model_name=one");
  });

  await t.step("an unknown model or version is 404, in TorchServe's words", async () => {
    for (
      const [path, message] of [
        ["/endpoints/none/invocations", "Model not found: none"],
        ["/models/none/invoke", "Model not found: none"],
        ["/one/9.9/predict", "Model version: 9.9 does not exist for model: one"],
      ] as const
    ) {
      const response = await fetch(marina.inferenceUrl + path, { method: "POST" });
      deepStrictEqual([response.status, (await response.json()).message], [404, message]);
    }
  });
});

Deno.test({
  name:
    "one address for inference and management serves the routes of both, /workflows too (§1.2, §1.7, T41, T46)",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using store = await createModelStore({ echo: { handler: ECHO_HANDLER } });
    await using folder = await TempFolder.create();
    const path = folder.at("all.sock");
    await using _marina = await startMarina({
      args: ["--model-store", store.dir, "--models", "all"],
      config: {
        ...ONE_WORKER,
        inference_address: `unix:${path}`,
        management_address: `unix:${path}`,
        ts_open_inference_protocol: true,
      },
    });
    using client = Deno.createHttpClient({ proxy: { transport: "unix", path } });
    const ask = async (line: string) => {
      const [method, route] = line.split(" ");
      const response = await fetch(`http://localhost${route}`, { method, client });
      return [response.status, await response.json()] as const;
    };
    for (
      const line of [
        "POST /models/echo/invoke",
        "POST /invocations",
        "POST /endpoints/echo/invocations",
        "POST /v1/models/echo:predict",
        "POST /v2/models/echo/infer",
        "POST /echo/predict",
      ]
    ) {
      const [status, echo] = await ask(line);
      deepStrictEqual([status, echo.kind], [200, "predict"], line);
    }
    deepStrictEqual(await ask("GET /v1/models/echo"), [200, { name: "echo", ready: true }]);
    deepStrictEqual(await ask("GET /v2/models/echo/ready"), [200, { name: "echo", ready: true }]);
    strictEqual((await ask("GET /models/echo/1.0"))[1][0].modelVersion, "1.0");
    deepStrictEqual(await ask("GET /workflows"), [200, { workflows: [] }]);
    deepStrictEqual((await ask("GET /workflows/w"))[1].type, "WorkflowNotFoundException");
    deepStrictEqual(
      (await ask("POST /workflows"))[1].message,
      "Registering new workflows is disabled.",
    );
  },
});

Deno.test("ts_open_inference_protocol opens health and metadata (§1.4, §2 ts_open_inference_protocol, T36)", async (t) => {
  await using store = await createModelStore({
    weigh: { handler: "base_handler", serializedFile: "tests/testdata/models/weigh.onnx" },
    echo: { handler: ECHO_HANDLER },
  });
  const args = ["--model-store", store.dir, "--models", "all"];
  await using marina = await startMarina({
    args,
    config: ONE_WORKER,
    env: { TS_OPEN_INFERENCE_PROTOCOL: "oip" },
  });
  const ask = async (path: string) => {
    const response = await fetch(marina.inferenceUrl + path);
    return [response.status, await response.json()];
  };

  await t.step("health", async () => {
    deepStrictEqual(await ask("/v2/health/live"), [200, { live: true }]);
    deepStrictEqual(await ask("/v2/health/ready"), [200, { ready: true }]);
    strictEqual((await ask("/v2"))[1].name, "Marina");
  });

  await t.step("a model's real inputs and outputs", async () => {
    // The first answer comes once a worker is ready.
    await (await fetch(`${marina.inferenceUrl}/predictions/weigh`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: "[1, 2, 3, 4]",
    })).text();
    deepStrictEqual(await ask("/v2/models/weigh/ready"), [200, { name: "weigh", ready: true }]);
    deepStrictEqual(await ask("/v2/models/weigh"), [200, {
      name: "weigh",
      versions: ["1.0"],
      platform: "onnxruntime_onnx",
      inputs: [{ name: "x", datatype: "FP32", shape: [-1, 4] }],
      outputs: [{ name: "y", datatype: "FP32", shape: [-1, 1] }],
    }]);
  });

  await t.step("a handler that describes nothing has no inputs, and no failure", async () => {
    const [status, metadata] = await ask("/v2/models/echo");
    deepStrictEqual([status, metadata.inputs, metadata.outputs], [200, [], []]);
  });

  await t.step("its paths are described", async () => {
    const [, document] = await ask("/openapi.json");
    strictEqual("/v2/models/{model_name}/ready" in document.paths, true);
  });
});
