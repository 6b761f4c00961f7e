import { strictEqual } from "node:assert/strict";
import { createSharedApp, type HttpApp } from "../../../server/http/mod.ts";

const named = (name: string): HttpApp => () => new Response(name);

const OWNER_BY_LINE = {
  "GET /ping": "inference",
  "POST /predictions/m": "inference",
  "POST /predictions/m/1.0": "inference",
  "POST /explanations/m": "inference",
  "POST /v1/models/m:predict": "inference",
  "POST /v2/models/m/infer": "inference",
  "POST /invocations": "inference",
  "POST /models/m/invoke": "inference",
  "POST /m/predict": "inference",
  "POST /token/predict": "inference",
  "POST /metrics/predict": "inference",
  "POST /wfpredict/w": "inference",
  "GET /no/such/path": "inference",
  "GET /%": "inference",
  "GET /models": "management",
  "POST /models": "management",
  "GET /models/m": "management",
  "GET /models/m/1.0": "management",
  "GET /models/m/all": "management",
  "PUT /models/m/1.0": "management",
  "DELETE /models/m/1.0": "management",
  "GET /models/m/invoke": "management",
  "PUT /models/m/1.0/set-default": "management",
  "GET /v1/models/m": "management",
  "GET /workflows": "management",
  "DELETE /workflows/w": "management",
  "POST /models/m/traffic": "management",
  "GET /token?type=inference": "management",
  "GET /metrics": "metrics",
  "GET /metrics?name[]=a": "metrics",
} as const;

Deno.test("createSharedApp() gives each path to its owner, a model's version too (§1.2, T41)", async () => {
  const app = createSharedApp({
    inference: named("inference"),
    management: named("management"),
    metrics: named("metrics"),
  });
  for (const [line, owner] of Object.entries(OWNER_BY_LINE)) {
    const [method, path] = line.split(" ");
    const request = new Request(`http://localhost${path}`, { method });
    strictEqual(await (await app(request)).text(), owner, line);
  }
});

Deno.test("createSharedApp() leaves /metrics to the inference app when no metrics are served", async () => {
  const app = createSharedApp({ inference: named("inference"), management: named("management") });
  strictEqual(await (await app(new Request("http://localhost/metrics"))).text(), "inference");
});
