import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { ApiDescriptions, createMetricsApp } from "../../../server/http/mod.ts";

const URL_OF_PORT = "http://127.0.0.1:8082";
const descriptions = new ApiDescriptions({
  version: "1.2.3",
  ports: ["metrics"],
  requiresTokens: false,
});

Deno.test.each([
  { method: "GET", path: "/metrics" },
  { method: "GET", path: "/metrics/" },
  { method: "POST", path: "/metrics/more" },
  { method: "DELETE", path: "/metrics" },
])("$method $path answers the text in Prometheus's form (§1.8)", async ({ method, path }) => {
  const app = createMetricsApp({
    descriptions,
    reportFailure: () => {},
    readText: (names) => Promise.resolve(names === undefined ? "X 1.0\n" : "none"),
  });
  const response = await app(new Request(URL_OF_PORT + path, { method }));
  strictEqual(response.status, 200);
  strictEqual(response.headers.get("content-type"), "text/plain; version=0.0.4; charset=utf-8");
  strictEqual(await response.text(), "X 1.0\n");
});

Deno.test.each([
  ["?name[]=A&name[]=B", ["A", "B"]],
  ["?name%5B%5D=A&other=1", ["A"]],
  ["?name[]=", [""]],
  ["?name=A", undefined],
])("GET /metrics%s asks for the samples %o (§1.8)", async (query, expected) => {
  let asked: ReadonlySet<string> | undefined;
  const app = createMetricsApp({
    descriptions,
    reportFailure: () => {},
    readText: (names) => {
      asked = names;
      return Promise.resolve("");
    },
  });
  const response = await app(new Request(`${URL_OF_PORT}/metrics${query}`));
  deepStrictEqual([response.status, await response.text()], [200, ""]);
  deepStrictEqual(asked === undefined ? undefined : [...asked], expected);
});

Deno.test.each(["/docs", "/ping", "/metricsx", "/%"])(
  "GET %s answers 404 on the metrics port",
  async (path) => {
    const app = createMetricsApp({
      descriptions,
      reportFailure: () => {},
      readText: () => Promise.resolve(""),
    });
    const response = await app(new Request(URL_OF_PORT + path));
    strictEqual(response.status, 404);
    strictEqual((await response.json()).type, "ResourceNotFoundException");
  },
);

Deno.test("GET /metrics answers 500 and tells the log when the metrics cannot be read", async () => {
  const failures: unknown[] = [];
  const cause = new Error("broken");
  const app = createMetricsApp({
    descriptions,
    reportFailure: (error) => failures.push(error),
    readText: () => Promise.reject(cause),
  });
  strictEqual((await app(new Request(`${URL_OF_PORT}/metrics`))).status, 500);
  deepStrictEqual(failures, [cause]);
});
