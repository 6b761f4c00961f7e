import { strictEqual } from "node:assert/strict";
import { toRoute } from "../../../server/tracing/route.ts";

Deno.test.each([
  { target: "/predictions/mnist/1.0?x=/y", route: "/predictions/{model_name}" },
  { target: "/v1/models/mnist:predict", route: "/v1/models/{model_name}" },
  { target: "/models?limit=2", route: "/models" },
  { target: "/models/", route: "/models" },
  { target: "/ping", route: "/ping" },
])("toRoute() makes $target to $route", ({ target, route }) => {
  strictEqual(toRoute(`http://127.0.0.1:8080${target}`), route);
});

Deno.test.each(["/", "/wp-admin/x", "/constructor", "//ping"])(
  "toRoute() names no route for %s, which is none: spans have few names",
  (target) => strictEqual(toRoute(`http://127.0.0.1:8080${target}`), undefined),
);
