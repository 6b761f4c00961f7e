import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { describePorts } from "../../../server/openapi/mod.ts";
import { ServeError } from "../../../server/errors.ts";
import { createAppOf, PORTS } from "./_apps_by_port.ts";
import type { PortName } from "./_apps_by_port.ts";

const HOST = "http://127.0.0.1:8080";
const NOOP = { describe: () => [] };

async function ask(port: PortName, line: string, given = {}): Promise<Response> {
  const [method, path] = line.split(" ");
  return await createAppOf(port, given)(new Request(HOST + path, { method }));
}

for (const port of PORTS) {
  Deno.test.each([
    "OPTIONS /",
    "GET /api-description",
    "POST /api-description",
    "DELETE /api-description/",
    "OPTIONS /api-description",
    "GET /openapi.json",
  ])(`%s answers the document of the ${port} port (§1.11, T45)`, async (line) => {
    const response = await ask(port, line);
    strictEqual(response.status, 200);
    strictEqual(response.headers.get("content-type"), "application/json");
    ok(response.headers.has("x-request-id"));
    const expected = describePorts({ version: "1.2.3", ports: [port], requiresTokens: false });
    strictEqual(await response.text(), `${JSON.stringify(expected, null, 2)}\n`);
  });

  Deno.test.each(["GET /", "POST /", "PUT /", "POST /openapi.json"])(
    `%s answers 405 on the ${port} port (§1.11)`,
    async (line) => {
      const response = await ask(port, line);
      deepStrictEqual([response.status, (await response.json()).type], [
        405,
        "MethodNotAllowedException",
      ]);
    },
  );

  Deno.test(`HEAD /api-description answers without a body on the ${port} port`, async () => {
    const response = await ask(port, "HEAD /api-description");
    deepStrictEqual([response.status, await response.text()], [200, ""]);
  });
}

Deno.test.each(
  [
    ["inference", "/predictions/noop", "/predictions/noop"],
    ["inference", "/predictions/noop/1.0", "/predictions/noop/1.0"],
    ["inference", "/predictions/noop/1.0/extra", "/predictions/noop/1.0"],
    ["inference", "/explanations/noop", "/explanations/noop"],
    ["management", "/models/noop", "/models/noop"],
    ["management", "/models/noop/", "/models/noop"],
    ["management", "/models/noop/1.0", "/models/noop/1.0"],
    ["management", "/models/noop/all", "/models/noop"],
  ] as const,
)("OPTIONS on the %s port's %s describes %s (§1.4, §1.6)", async (port, path, first) => {
  const response = await ask(port, `OPTIONS ${path}`, NOOP);
  strictEqual(response.status, 200);
  const document = await response.json();
  match(document.openapi, /^3\.0\./);
  strictEqual(Object.keys(document.paths)[0], first);
  match(document.info.title, /^noop/);
});

Deno.test.each(
  [
    ["inference", "/predictions/x"],
    ["inference", "/predictions/x/9.9"],
    ["inference", "/explanations/x"],
    ["management", "/models/x"],
    ["management", "/models/x/9.9"],
  ] as const,
)("OPTIONS on the %s port's %s answers 404 for a model that nobody knows", async (
  port,
  path,
) => {
  const describe = (name: string): never => {
    throw new ServeError("model_not_found", `Model not found: ${name}`);
  };
  const response = await ask(port, `OPTIONS ${path}`, { describe });
  deepStrictEqual([response.status, await response.json()], [404, {
    code: 404,
    type: "ModelNotFoundException",
    message: "Model not found: x",
  }]);
});

Deno.test.each(["/predictions", "/predictions/"])(
  "OPTIONS %s answers 404: it names no model",
  async (path) => {
    strictEqual((await ask("inference", `OPTIONS ${path}`)).status, 404);
  },
);
