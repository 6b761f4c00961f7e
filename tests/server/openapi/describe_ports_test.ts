import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import {
  describePorts,
  type OpenApiDocument,
  type Operation,
  type Port,
  type ResponseOrRef,
} from "../../../server/openapi/mod.ts";
import { listOperations } from "../../support/described_operations.ts";
import { findSchemaFaults, resolveReference } from "../../support/schema_check.ts";

const ALL: readonly Port[] = ["inference", "management", "metrics"];

function describe(ports: readonly Port[], requiresTokens = false): OpenApiDocument {
  return describePorts({ version: "1.2.3", ports, requiresTokens });
}

Deno.test("describePorts() puts TorchServe's paths on the ports they are on (§1.4, §1.6, §1.8)", () => {
  const common = ["/", "/api-description", "/openapi.json"];
  deepStrictEqual(Object.keys(describe(["inference"]).paths), [
    "/ping",
    "/predictions/{model_name}",
    "/predictions/{model_name}/{model_version}",
    "/explanations/{model_name}",
    "/explanations/{model_name}/{model_version}",
    "/v1/models/{model_name}:predict",
    "/v1/models/{model_name}:explain",
    "/v2/models/{model_name}/infer",
    "/v2/models/{model_name}/explain",
    "/models/{model_name}/invoke",
    "/invocations",
    "/endpoints/{endpoint_name}/invocations",
    "/{model_name}/predict",
    "/{model_name}/{model_version}/predict",
    ...common,
    "/docs",
  ]);
  deepStrictEqual(Object.keys(describe(["management"]).paths), [
    "/models",
    "/models/{model_name}",
    "/models/{model_name}/{model_version}",
    "/models/{model_name}/{model_version}/set-default",
    "/models/{model_name}/traffic",
    "/v1/models/{model_name}",
    "/workflows",
    "/workflows/{workflow_name}",
    ...common,
    "/docs",
  ]);
  deepStrictEqual(Object.keys(describe(["metrics"]).paths), ["/metrics", ...common]);
});

Deno.test("describePorts() merges the ports that share an address", () => {
  const merged = Object.keys(describe(ALL).paths);
  for (const port of ALL) {
    for (const path of Object.keys(describe([port]).paths)) ok(merged.includes(path), path);
  }
  strictEqual(new Set(merged).size, merged.length);
});

Deno.test("describePorts() marks GET /api-description as deprecated, and OPTIONS / not (§1.11)", () => {
  const { paths } = describe(["inference"]);
  strictEqual(paths["/api-description"]?.get?.deprecated, true);
  strictEqual(paths["/"]?.options?.deprecated, undefined);
  strictEqual(paths["/"]?.get, undefined);
});

Deno.test("describePorts() gives each operation an id, a summary and a group of its own document", () => {
  const document = describe(ALL, true);
  const operations = listOperations(document);
  const ids = operations.map(({ operation }) => operation.operationId);
  deepStrictEqual(ids.filter((id, index) => ids.indexOf(id) !== index), []);
  const tags = document.tags.map(({ name }) => name);
  for (const { line, operation } of operations) {
    ok(operation.summary.length > 5 && !operation.summary.endsWith("."), line);
    strictEqual(operation.tags.length, 1);
    ok(tags.includes(operation.tags[0]!), line);
  }
});

Deno.test("describePorts() names each segment of a path as a required parameter, and each parameter once", () => {
  for (const { line, operation } of listOperations(describe(ALL, true))) {
    const { parameters = [] } = operation;
    const segments = [...line.matchAll(/\{(\w+)\}/g)].map((found) => found[1]);
    const inPath = parameters.filter((parameter) => parameter.in === "path");
    deepStrictEqual(inPath.map(({ name }) => name), segments, line);
    ok(inPath.every((parameter) => parameter.required), line);
    const names = parameters.map((parameter) => `${parameter.in} ${parameter.name}`);
    strictEqual(new Set(names).size, names.length, line);
  }
});

Deno.test("describePorts() has every schema and answer that its parts refer to", () => {
  const document = describe(ALL, true);
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)];
  ok(references.length > 20);
  for (const [, $ref] of references) resolveReference(document, { $ref: $ref! });
});

Deno.test("describePorts() gives examples that are what their schemas say", () => {
  const document = describe(ALL, true);
  let count = 0;
  const check = (line: string, content: Operation["requestBody"] | ResponseOrRef): void => {
    const { content: media } = resolveReference<{ content?: object }>(document, content!);
    for (const { schema, example } of Object.values(media ?? {})) {
      if (example === undefined) continue;
      count++;
      deepStrictEqual(findSchemaFaults(document, schema, example, { isStrict: true }), [], line);
    }
  };
  for (const { line, operation } of listOperations(document)) {
    const { requestBody, responses } = operation;
    if (requestBody !== undefined) check(line, requestBody);
    for (const [status, response] of Object.entries(responses)) {
      match(status, /^[245]\d\d$|^default$/);
      check(`${line} ${status}`, response);
    }
  }
  ok(count > 50);
});

Deno.test("describePorts() asks for tokens only where the server does (§1.9, T1)", () => {
  strictEqual(describe(ALL).components.securitySchemes, undefined);
  ok(listOperations(describe(ALL)).every(({ operation }) => operation.security === undefined));
  strictEqual(describe(ALL).paths["/token"], undefined);

  const withTokens = describe(ALL, true);
  strictEqual(withTokens.components.securitySchemes?.bearer?.scheme, "bearer");
  const free = listOperations(withTokens).filter(({ operation }) =>
    operation.security === undefined
  );
  deepStrictEqual(free.map(({ line }) => line), [
    "GET /metrics",
    "OPTIONS /",
    "GET /api-description",
    "GET /openapi.json",
    "GET /docs",
  ]);
  ok(withTokens.paths["/token"]?.get);
  strictEqual(describe(["metrics"], true).components.securitySchemes, undefined);
});
