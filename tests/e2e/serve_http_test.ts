import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { startMarina } from "../support/marina_process.ts";
import { createModelStore } from "../support/model_store.ts";

async function getJson(
  url: string,
  init?: RequestInit,
): Promise<{ status: number; body: unknown }> {
  const response = await fetch(url, init);
  return { status: response.status, body: await response.json() };
}

Deno.test("serve answers predictions and errors of one model over HTTP", async (t) => {
  await using store = await createModelStore({
    echo: {
      handler: "base_handler",
      serializedFile: "tests/testdata/models/identity_float32.onnx",
    },
  });
  await using server = await startMarina({
    args: [
      "--model-store",
      store.dir,
      "--models",
      "echo=echo.mar",
      "--ncs",
      "--disable-token-auth",
    ],
    config: { default_workers_per_model: 1, max_request_size: 60_000 },
  });
  const url = `${server.inferenceUrl}/predictions/echo`;
  const json = { method: "POST", headers: { "content-type": "application/json" } };

  await t.step("POST /predictions/{model} answers the model's output", async () => {
    const response = await fetch(url, { ...json, body: "[[1, 2.5, 3]]" });
    strictEqual(response.status, 200);
    strictEqual(response.headers.get("content-type"), "application/json");
    strictEqual(response.headers.get("pragma"), "no-cache");
    deepStrictEqual(await response.json(), [[1, 2.5, 3]]);
  });

  for (const path of ["/1.0", "/1.0/extra/path", "/", "%2F1.0"]) {
    await t.step(`POST /predictions/{model}${path} answers it too`, async () => {
      const { status, body } = await getJson(url + path, { ...json, body: "[[3, 2, 1]]" });
      deepStrictEqual([status, body], [200, [[3, 2, 1]]]);
    });
  }

  await t.step("a chunked body is read whole", async () => {
    const body = ReadableStream.from(
      ["[[", "4", ",5,6", "]]"].map((c) => new TextEncoder().encode(c)),
    );
    deepStrictEqual(await getJson(url, { ...json, body }), { status: 200, body: [[4, 5, 6]] });
  });

  await t.step("50,000 one-byte chunks are read whole", async () => {
    const text = `[[1,2,3${" ".repeat(49_991)}]]`;
    const body = ReadableStream.from(Array.from(text, (c) => new TextEncoder().encode(c)));
    deepStrictEqual(await getJson(url, { ...json, body }), { status: 200, body: [[1, 2, 3]] });
  });

  for (const isChunked of [false, true]) {
    await t.step(
      `a body of max_request_size is read, one byte more is a bare 413, chunked: ${isChunked}`,
      async () => {
        for (const [size, expected] of [[60_000, 200], [60_001, 413]] as const) {
          const bytes = new TextEncoder().encode("[[7,8,9]]".padEnd(size));
          const body = isChunked ? ReadableStream.from([bytes]) : bytes;
          const response = await fetch(url, { ...json, body });
          strictEqual(response.status, expected);
          const text = await response.text();
          if (expected === 413) {
            strictEqual(text, "");
            strictEqual(response.headers.get("x-request-id"), null);
          }
        }
      },
    );
  }

  const errors = [
    ["/predictions/nope", "ModelNotFoundException", "Model not found: nope"],
    [
      "/predictions/echo/9",
      "ModelVersionNotFoundException",
      "Model version: 9 does not exist for model: echo",
    ],
    [
      "/predictions/echo//x",
      "ModelVersionNotFoundException",
      "Model version:  does not exist for model: echo",
    ],
    [
      "//predictions/echo",
      "ResourceNotFoundException",
      "Requested resource is not found, please refer to API document.",
    ],
  ] as const;
  for (const [path, type, message] of errors) {
    await t.step(`GET ${path} answers 404 as documented`, async () => {
      const response = await fetch(server.inferenceUrl + path);
      strictEqual(response.status, 404);
      const body = { code: 404, type, message };
      strictEqual(await response.text(), `${JSON.stringify(body, null, 2)}\n`);
    });
  }

  await t.step("the server logs no body and no header's value", () => {
    ok(!server.stderrLines.some((line) => line.includes("[[")), server.stderrLines.join("\n"));
  });
});
