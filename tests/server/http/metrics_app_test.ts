import { strictEqual } from "node:assert/strict";
import { createMetricsApp } from "../../../server/http/mod.ts";

const app = createMetricsApp({ reportFailure: () => {} });

Deno.test.each([
  { method: "GET", path: "/metrics" },
  { method: "GET", path: "/metrics/" },
  { method: "POST", path: "/metrics/more?name[]=x" },
])("$method $path answers an empty text in Prometheus's form", async ({ method, path }) => {
  const response = await app(new Request(`http://127.0.0.1:8082${path}`, { method }));
  strictEqual(response.status, 200);
  strictEqual(response.headers.get("content-type"), "text/plain; version=0.0.4; charset=utf-8");
  strictEqual(await response.text(), "");
});

Deno.test.each(["/", "/ping", "/metricsx", "/%"])(
  "GET %s answers 404 on the metrics port",
  async (path) => {
    const response = await app(new Request(`http://127.0.0.1:8082${path}`));
    strictEqual(response.status, 404);
    strictEqual((await response.json()).type, "ResourceNotFoundException");
  },
);
