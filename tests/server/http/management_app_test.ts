import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { ServeError, type ServeErrorCode } from "../../../server/errors.ts";
import { send } from "./_management_call.ts";

Deno.test.each([
  { method: "POST", path: "/models?url=noop.mar" },
  { method: "DELETE", path: "/models/noop" },
  { method: "DELETE", path: "/models/noop/1.11" },
])("$method $path answers 405 while the model API is off (§1.10, T2)", async (call) => {
  const answer = await send({}, call, { isModelApiEnabled: false });
  deepStrictEqual([answer.status, answer.body.type], [405, "MethodNotAllowedException"]);
});

Deno.test.each<{ code: ServeErrorCode; status: number; type: string }>([
  { code: "model_version_is_default", status: 403, type: "InvalidModelVersionException" },
  { code: "unregister_timed_out", status: 408, type: "RequestTimeoutException" },
  { code: "model_not_found", status: 404, type: "ModelNotFoundException" },
])(
  "DELETE /models/{name} answers $status $type when it fails with $code (§1.3, §1.6, T15, T19)",
  async (row) => {
    const unregister = () => Promise.reject(new ServeError(row.code, "why"));
    const { body } = await send({ unregister }, { method: "DELETE", path: "/models/noop" });
    deepStrictEqual(body, { code: row.status, type: row.type, message: "why" });
  },
);

Deno.test.each([
  { path: "/models/noop", version: undefined },
  { path: "/models/noop/1.11", version: "1.11" },
])("DELETE $path unregisters version $version (§1.6)", async ({ path, version }) => {
  const seen: unknown[] = [];
  const unregister = (name: string, asked?: string): Promise<void> => {
    seen.push(name, asked);
    return Promise.resolve();
  };
  const { status, body } = await send({ unregister }, { method: "DELETE", path });
  deepStrictEqual([status, body, seen], [200, { status: 'Model "noop" unregistered' }, [
    "noop",
    version,
  ]]);
});

Deno.test.each([
  { method: "PUT", path: "/models" },
  { method: "DELETE", path: "/models" },
  { method: "HEAD", path: "/models" },
  { method: "POST", path: "/models/noop" },
  { method: "HEAD", path: "/models/noop" },
  { method: "OPTIONS", path: "/models" },
  { method: "PATCH", path: "/models/noop/1.0" },
  { method: "POST", path: "/models/noop/1.0/set-default" },
  { method: "PUT", path: "/models/noop/traffic" },
])("$method $path answers 405 (§1.6)", async (call) => {
  strictEqual((await send({}, call)).status, 405);
});

Deno.test.each([
  "/nothing",
  "//models",
  "/models/a/b/c",
  "/Models",
  "/predictions/x",
  "/models/%",
])(
  "GET %s answers 404 on the management port",
  async (path) => {
    const { status, body } = await send({}, { path });
    deepStrictEqual([status, body.type], [404, "ResourceNotFoundException"]);
  },
);
