import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { startMarina } from "../support/marina_process.ts";
import { createModelStore } from "../support/model_store.ts";

Deno.test("serve sends the three CORS settings verbatim with every answer of every port (§1.1, §2 cors_allowed_origin, cors_allowed_methods, cors_allowed_headers, T25)", async (t) => {
  await using store = await createModelStore({});
  await using marina = await startMarina({
    args: ["--model-store", store.dir, "--ncs"],
    config: {
      cors_allowed_origin: "https://app.example",
      cors_allowed_methods: "GET, POST, PUT, OPTIONS",
      cors_allowed_headers: "X-Custom",
      max_request_size: 10,
    },
  });
  const cases = [
    { url: `${marina.inferenceUrl}/ping`, method: "GET", status: 200 },
    { url: `${marina.inferenceUrl}/predictions/none`, method: "GET", status: 404 },
    {
      url: `${marina.inferenceUrl}/predictions/none`,
      method: "POST",
      status: 413,
      body: "12345678901",
    },
    // The limit itself is allowed (T25).
    {
      url: `${marina.inferenceUrl}/predictions/none`,
      method: "POST",
      status: 404,
      body: "1234567890",
    },
    { url: `${marina.managementUrl}/models`, method: "GET", status: 200 },
    { url: `${marina.managementUrl}/models`, method: "DELETE", status: 405 },
    { url: `${marina.metricsUrl}/metrics`, method: "GET", status: 200 },
    { url: `${marina.metricsUrl}/none`, method: "GET", status: 404 },
  ];
  for (const { url, method, status, body } of cases) {
    await t.step(`${status} for ${method} ${new URL(url).pathname}`, async () => {
      for (const origin of ["https://app.example", undefined]) {
        const headers = origin === undefined ? undefined : { origin };
        const response = await fetch(url, { method, body, headers });
        await response.body?.cancel();
        strictEqual(response.status, status);
        deepStrictEqual(
          ["origin", "methods", "headers"].map((name) =>
            response.headers.get(`access-control-allow-${name}`)
          ),
          ["https://app.example", "GET, POST, PUT, OPTIONS", "X-Custom"],
        );
        // A bare 413 has none of the common headers, and no body (T25).
        if (status === 413) strictEqual(response.headers.has("x-request-id"), false);
      }
    });
  }
});
