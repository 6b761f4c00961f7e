import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { describeModel, type Operation } from "../../../server/openapi/mod.ts";

const options = { version: "1.2.3", requiresTokens: false } as const;

Deno.test.each(
  [
    {
      kind: "predictions",
      modelVersion: undefined,
      paths: ["/predictions/mnist", "/predictions/mnist/{model_version}"],
    },
    { kind: "predictions", modelVersion: "1.0", paths: ["/predictions/mnist/1.0"] },
    { kind: "explanations", modelVersion: "1.0", paths: ["/explanations/mnist/1.0"] },
    {
      kind: "models",
      modelVersion: undefined,
      paths: [
        "/models/mnist",
        "/models/mnist/{model_version}",
        "/models/mnist/{model_version}/set-default",
        "/models/mnist/traffic",
      ],
    },
    {
      kind: "models",
      modelVersion: "1.0",
      paths: ["/models/mnist/1.0", "/models/mnist/1.0/set-default"],
    },
  ] as const,
)("describeModel() names the $kind of mnist $modelVersion as their real paths (§1.4, §1.6)", ({
  kind,
  modelVersion,
  paths,
}) => {
  const document = describeModel({ ...options, kind, modelName: "mnist", modelVersion });
  deepStrictEqual(Object.keys(document.paths), paths);
  for (const [path, item] of Object.entries(document.paths)) {
    const open = [...path.matchAll(/\{(\w+)\}/g)].map((found) => found[1]);
    for (const operation of Object.values(item) as Operation[]) {
      const named = (operation.parameters ?? []).filter((parameter) => parameter.in === "path");
      deepStrictEqual(named.map(({ name }) => name), open);
    }
  }
});

Deno.test("describeModel() escapes a name that is no path segment", () => {
  const { paths, info } = describeModel({
    ...options,
    kind: "predictions",
    modelName: "a/b {x}",
    modelVersion: "1.0?",
  });
  deepStrictEqual(Object.keys(paths), ["/predictions/a%2Fb%20%7Bx%7D/1.0%3F"]);
  strictEqual(info.title, "a/b {x} 1.0?");
});

Deno.test("describeModel() asks for the token that the paths need", () => {
  const document = describeModel({
    ...options,
    requiresTokens: true,
    kind: "predictions",
    modelName: "mnist",
  });
  strictEqual(document.components.securitySchemes?.bearer?.type, "http");
  deepStrictEqual(document.paths["/predictions/mnist"]?.post?.security, [{ bearer: [] }]);
});
