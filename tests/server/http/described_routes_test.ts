/** The ports' documents against the ports' own lists of routes. */
import { deepStrictEqual, ok } from "node:assert/strict";
import type { Hono } from "hono";
import {
  ApiDescriptions,
  BodyDeadlines,
  type InferenceAppOptions,
} from "../../../server/http/mod.ts";
import { createInferenceRouter } from "../../../server/http/inference_app.ts";
import { createManagementRouter } from "../../../server/http/management_app.ts";
import { createMetricsRouter } from "../../../server/http/metrics_app.ts";
import { describePorts, type Port } from "../../../server/openapi/mod.ts";
import { createFakeModels } from "./_fake_models.ts";
import { PORTS } from "./_apps_by_port.ts";

/** Matched by hand, before the router. */
const HAND_MATCHED = ["predictions", "explanations"].flatMap((kind) => [
  `ALL /${kind}/{}`,
  `OPTIONS /${kind}/{}`,
  `ALL /${kind}/{}/{}`,
  `OPTIONS /${kind}/{}/{}`,
]);

const INVOCATIONS = [
  "/v1/models/{}:predict",
  "/v1/models/{}:explain",
  "/v2/models/{}/infer",
  "/v2/models/{}/explain",
  "/models/{}/invoke",
  "/invocations",
  "/endpoints/{}/invocations",
  "/{}/predict",
  "/{}/{}/predict",
].map((path) => `ALL ${path}`);

/** No operations of the API: what goes before all routes, and the files that the page is made of. */
const NOT_DESCRIBED = ["ALL /*", "GET /docs/{}"];

function createRouter(port: Port): Hono {
  const options: InferenceAppOptions = {
    models: createFakeModels({}),
    maxBodyBytes: 1,
    bodyDeadlines: new BodyDeadlines(1),
    reportFailure: () => {},
    descriptions: new ApiDescriptions({ version: "1.2.3", ports: [port], requiresTokens: false }),
    isHealthy: () => true,
    openInferenceVersion: "1.2.3",
  };
  switch (port) {
    case "inference":
      return createInferenceRouter(options);
    case "management":
      return createManagementRouter({ ...options, isModelApiEnabled: true });
    case "metrics":
      return createMetricsRouter({ ...options, readText: () => Promise.resolve("") });
  }
}

/** `GET /models/{}`, for each route of a port. */
function listRoutes(port: Port): string[] {
  const routed = createRouter(port).routes.map(({ method, path }) =>
    `${method} ${path.replace(/:\w+(\{\.\+\})?/g, "{}").replace(/(?<=.)\/\*$/, "")}`
  );
  const all = port === "inference" ? [...routed, ...HAND_MATCHED, ...INVOCATIONS] : routed;
  return [...new Set(all)].filter((route) => !NOT_DESCRIBED.includes(route));
}

/** The same, for each operation of a port's document. */
function listOperations(port: Port): string[] {
  const { paths } = describePorts({
    version: "1.2.3",
    ports: [port],
    requiresTokens: false,
    hasOpenInference: true,
  });
  return Object.entries(paths).flatMap(([path, item]) =>
    Object.keys(item).map((method) => `${method.toUpperCase()} ${path.replace(/\{\w+\}/g, "{}")}`)
  );
}

for (const port of PORTS) {
  Deno.test(`describePorts() has every route of the ${port} port`, () => {
    const operations = listOperations(port);
    const missing = listRoutes(port).filter((route) =>
      // Of a route for any method one is described; most refuse what the others do not take.
      route.startsWith("ALL ")
        ? !operations.some((operation) => operation.split(" ")[1] === route.split(" ")[1])
        : !operations.includes(route)
    );
    deepStrictEqual(missing, []);
  });

  Deno.test(`describePorts() has no operation that the ${port} port does not route`, () => {
    const routes = listRoutes(port);
    ok(routes.length > 4);
    const invented = listOperations(port).filter((operation) =>
      !routes.includes(operation) && !routes.includes(`ALL ${operation.split(" ")[1]}`)
    );
    deepStrictEqual(invented, []);
  });
}
