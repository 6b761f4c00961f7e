import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { parseModelConfig } from "../../../server/models/model_config.ts";
import type { RegisterRequest } from "../../../server/models/mod.ts";
import { resolveModelSettings } from "../../../server/models/model_settings.ts";

const DEFAULTS = {
  defaultWorkersPerModel: 0,
  numberOfGpu: 0,
  numberOfCores: 4,
  queueCapacity: 100,
  responseTimeoutMs: 120_000,
  startupTimeoutMs: 110_000,
};

function settle(request: Partial<RegisterRequest>, yaml: string, defaults = {}) {
  const { config } = parseModelConfig(yaml);
  const whole = { url: "m.mar", isSynchronous: true, ...request };
  return resolveModelSettings(whole, config, { ...DEFAULTS, ...defaults });
}

Deno.test.each([
  { name: "none for a registered model", request: {}, yaml: "", defaults: {}, workers: [0, 0] },
  {
    name: "the server's number",
    request: {},
    yaml: "",
    defaults: { defaultWorkersPerModel: 2 },
    workers: [2, 2],
  },
  {
    name: "the request's number",
    request: { initialWorkers: 3 },
    yaml: "",
    defaults: {},
    workers: [3, 3],
  },
  {
    name: "none for a negative number",
    request: { initialWorkers: -1 },
    yaml: "",
    defaults: {},
    workers: [0, 0],
  },
  {
    name: "the archive's numbers before the request's",
    request: { initialWorkers: 3 },
    yaml: "minWorkers: 1\nmaxWorkers: 2",
    defaults: {},
    workers: [1, 2],
  },
  {
    name: "not the archive's when max is below min",
    request: { initialWorkers: 3 },
    yaml: "minWorkers: 2\nmaxWorkers: 1",
    defaults: {},
    workers: [3, 3],
  },
  {
    name: "one a core at startup",
    request: { isAtStartup: true },
    yaml: "",
    defaults: {},
    workers: [4, 4],
  },
  {
    name: "one a device at startup",
    request: { isAtStartup: true },
    yaml: "",
    defaults: { numberOfGpu: 2 },
    workers: [2, 2],
  },
])("resolveModelSettings() asks for $name", ({ request, yaml, defaults, workers }) => {
  const { minWorkers, maxWorkers } = settle(request, yaml, defaults);
  deepStrictEqual([minWorkers, maxWorkers], workers);
});

Deno.test("resolveModelSettings() puts the request's batch size before the archive's, and the archive's timeouts before the request's", () => {
  const yaml = "batchSize: 4\nmaxBatchDelay: 20\nresponseTimeout: 7\njobQueueSize: 9";
  const own = { batchSize: 8, responseTimeoutMs: 1_000, startupTimeoutMs: 2_000 };
  const { minWorkers: _min, maxWorkers: _max, ...settings } = settle(own, yaml);
  deepStrictEqual(settings, {
    batchSize: 8,
    maxBatchDelayMs: 20,
    queueCapacity: 9,
    responseTimeoutMs: 7_000,
    startupTimeoutMs: 2_000,
    maxRetryTimeoutMs: 300_000,
  });
  strictEqual(settle({}, yaml).batchSize, 4);
  strictEqual(settle({}, "").batchSize, 1);
});
