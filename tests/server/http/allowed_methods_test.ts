import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { createAppOf, PORTS } from "./_apps_by_port.ts";
import { createFakeManagementApp } from "./_fake_models.ts";

const CONNECTION = { remoteAddr: { transport: "tcp", hostname: "127.0.0.1", port: 1 } } as const;

Deno.test.each([
  { line: "PUT /models", allow: "GET, POST" },
  { line: "HEAD /models", allow: "GET, POST" },
  { line: "POST /models/noop", allow: "DELETE, GET, OPTIONS, PUT" },
  { line: "PATCH /models/noop/1.0", allow: "DELETE, GET, OPTIONS, PUT" },
  { line: "POST /models/noop/1.0/set-default", allow: "GET, PUT" },
  { line: "PUT /models/noop/traffic", allow: "DELETE, GET, POST" },
  { line: "POST /v1/models/noop", allow: "GET" },
  { line: "PUT /workflows", allow: "GET, POST" },
  { line: "POST /workflows/a", allow: "DELETE, GET" },
])("$line answers 405 and names the methods that are allowed (§1.6)", async ({ line, allow }) => {
  deepStrictEqual(await askManagement(line), [405, allow]);
});

Deno.test.each([
  { line: "POST /models", allow: "GET" },
  { line: "DELETE /models/noop", allow: "GET, OPTIONS, PUT" },
  { line: "DELETE /models/noop/1.0", allow: "GET, OPTIONS, PUT" },
])(
  "$line answers 405 and does not name what the model API does, while that is off (§1.10, T2)",
  async ({ line, allow }) => {
    deepStrictEqual(await askManagement(line, false), [405, allow]);
  },
);

async function askManagement(line: string, isModelApiEnabled = true): Promise<unknown> {
  const [method, path] = line.split(" ");
  const app = createFakeManagementApp({}, { isModelApiEnabled });
  const response = await app(new Request(`http://127.0.0.1:8081${path}`, { method }), CONNECTION);
  await response.body?.cancel();
  return [response.status, response.headers.get("allow")];
}

for (const port of PORTS) {
  Deno.test(`GET / answers 405 and names OPTIONS on the ${port} port, which answers without Allow (§1.11)`, async () => {
    const ask = (method: string) =>
      createAppOf(port)(new Request("http://127.0.0.1/", { method }), CONNECTION);
    const [refused, answered] = [await ask("GET"), await ask("OPTIONS")];
    deepStrictEqual([refused.status, refused.headers.get("allow")], [405, "OPTIONS"]);
    strictEqual(answered.headers.get("allow"), null);
    await Promise.all([refused.body?.cancel(), answered.body?.cancel()]);
  });
}
