import { deepStrictEqual, strictEqual } from "node:assert/strict";
import type { ModelOverrides, RestoredModel } from "../../../server/config/mod.ts";
import { parseModelConfig } from "../../../server/models/model_config.ts";
import type { RegisterRequest } from "../../../server/models/mod.ts";
import { type ModelDefaults, resolveModelSettings } from "../../../server/models/model_settings.ts";

const DEFAULTS: ModelDefaults = {
  defaultWorkersPerModel: 0,
  numberOfGpu: 0,
  numberOfCores: 4,
  queueCapacity: 100,
  responseTimeoutMs: 120_000,
  startupTimeoutMs: 110_000,
  scaleUpQueueMs: 0,
  scaleDownIdleMs: 60_000,
  isolation: "thread",
};

interface Sources {
  readonly request?: Partial<RegisterRequest>;
  readonly yaml?: string;
  readonly overrides?: ModelOverrides;
  readonly restored?: Partial<RestoredModel>;
  readonly defaults?: Partial<ModelDefaults>;
}

function resolve({ request, yaml = "", overrides, restored, defaults }: Sources) {
  const { config } = parseModelConfig(yaml);
  const point = { modelName: "m", modelVersion: "1.0", url: "m.mar", isDefault: true };
  const whole = {
    url: "m.mar",
    isSynchronous: true,
    ...request,
    restored: restored === undefined ? undefined : { ...point, ...restored },
  };
  return resolveModelSettings(whole, config, { ...DEFAULTS, ...defaults }, overrides);
}

const START = { isAtStartup: true } as const;

Deno.test.each([
  { row: "none unless somebody says so (§9, T34)", sources: {}, workers: [0, 0] },
  {
    row: "default_workers_per_model",
    sources: { defaults: { defaultWorkersPerModel: 2 } },
    workers: [2, 2],
  },
  {
    row: "initial_workers before default_workers_per_model",
    sources: { request: { initialWorkers: 3 }, defaults: { defaultWorkersPerModel: 2 } },
    workers: [3, 3],
  },
  {
    row: "none for negative initial_workers (T10)",
    sources: { request: { initialWorkers: -1 } },
    workers: [0, 0],
  },
  {
    row: "the archive's numbers before initial_workers (T8)",
    sources: { request: { initialWorkers: 3 }, yaml: "minWorkers: 1\nmaxWorkers: 2" },
    workers: [1, 2],
  },
  {
    row: "initial_workers when the archive's max is below its min",
    sources: { request: { initialWorkers: 3 }, yaml: "minWorkers: 2\nmaxWorkers: 1" },
    workers: [3, 3],
  },
  {
    row: "nothing of models={}",
    sources: { request: { initialWorkers: 3 }, overrides: { minWorkers: 5, maxWorkers: 6 } },
    workers: [3, 3],
  },
  {
    row: "the snapshot's numbers before the archive's",
    sources: {
      yaml: "minWorkers: 1\nmaxWorkers: 2",
      restored: { minWorkers: 0, maxWorkers: 4 },
    },
    workers: [0, 4],
  },
])("resolveModelSettings() gives a registered model workers: $row (§9)", ({ sources, workers }) => {
  const { minWorkers, maxWorkers } = resolve(sources);
  deepStrictEqual([minWorkers, maxWorkers], workers);
});

Deno.test.each([
  { row: "one a core (T34)", sources: { request: START }, workers: [4, 4] },
  {
    row: "one a device where there are some",
    sources: { request: START, defaults: { numberOfGpu: 2 } },
    workers: [2, 2],
  },
  {
    row: "default_workers_per_model before devices",
    sources: { request: START, defaults: { numberOfGpu: 2, defaultWorkersPerModel: 3 } },
    workers: [3, 3],
  },
  {
    row: "models={} before default_workers_per_model",
    sources: {
      request: START,
      overrides: { minWorkers: 1, maxWorkers: 5 },
      defaults: { defaultWorkersPerModel: 3 },
    },
    workers: [1, 5],
  },
  {
    row: "the archive's before models={}",
    sources: {
      request: START,
      yaml: "minWorkers: 2\nmaxWorkers: 2",
      overrides: { minWorkers: 1, maxWorkers: 5 },
    },
    workers: [2, 2],
  },
])("resolveModelSettings() gives a startup model workers: $row (§9)", ({ sources, workers }) => {
  const { minWorkers, maxWorkers } = resolve(sources);
  deepStrictEqual([minWorkers, maxWorkers], workers);
});

Deno.test("resolveModelSettings() asks snapshot, request, archive, models={}, default for batch size and delay (§9)", () => {
  const sources = {
    restored: { batchSize: 5, maxBatchDelayMs: 50 },
    request: { batchSize: 4, maxBatchDelayMs: 40 },
    yaml: "batchSize: 3\nmaxBatchDelay: 30\n",
    overrides: { batchSize: 2, maxBatchDelayMs: 20 },
  };
  const batchOf = (these: Sources) => {
    const { batchSize, maxBatchDelayMs } = resolve(these);
    return [batchSize, maxBatchDelayMs];
  };
  deepStrictEqual(batchOf(sources), [5, 50]);
  deepStrictEqual(batchOf({ ...sources, restored: undefined }), [4, 40]);
  const { yaml, overrides } = sources;
  deepStrictEqual(batchOf({ yaml, overrides }), [3, 30]);
  deepStrictEqual(batchOf({ overrides }), [2, 20]);
  deepStrictEqual(batchOf({}), [1, 100]);
});

Deno.test("resolveModelSettings() asks snapshot, archive, models={}, request, server for the timeouts (§9)", () => {
  const sources = {
    restored: { responseTimeoutMs: 5_000, startupTimeoutMs: 6_000 },
    yaml: "responseTimeout: 4\nstartupTimeout: 5\n",
    overrides: { responseTimeoutMs: 3_000, startupTimeoutMs: 4_000 },
    request: { responseTimeoutMs: 2_000, startupTimeoutMs: 0 },
  };
  const timeoutsOf = (these: Sources) => {
    const { responseTimeoutMs, startupTimeoutMs } = resolve(these);
    return [responseTimeoutMs, startupTimeoutMs];
  };
  deepStrictEqual(timeoutsOf(sources), [5_000, 6_000]);
  deepStrictEqual(timeoutsOf({ ...sources, restored: undefined }), [4_000, 5_000]);
  const { request, overrides } = sources;
  deepStrictEqual(timeoutsOf({ request, overrides }), [3_000, 4_000]);
  deepStrictEqual(timeoutsOf({ request }), [2_000, 0]);
  deepStrictEqual(timeoutsOf({}), [120_000, 110_000]);
});

Deno.test("resolveModelSettings() lets no timeout be reset by a config file that does not mention it (T8)", () => {
  const { responseTimeoutMs, startupTimeoutMs } = resolve({
    yaml: "batchSize: 2\nresponseTimeout: 7\n",
    request: { responseTimeoutMs: 1_000, startupTimeoutMs: 2_000 },
  });
  deepStrictEqual([responseTimeoutMs, startupTimeoutMs], [7_000, 2_000]);
});

Deno.test("resolveModelSettings() asks the archive, then the server, for queue and scaling times (§9)", () => {
  const yaml = "jobQueueSize: 9\nscaleUpQueueTime: 250\nscaleDownIdleTime: 900\n";
  const own = resolve({ yaml });
  deepStrictEqual([own.queueCapacity, own.scaleUpQueueMs, own.scaleDownIdleMs], [9, 250, 900]);
  const server = resolve({ yaml: "jobQueueSize: 0\n" });
  deepStrictEqual(
    [server.queueCapacity, server.scaleUpQueueMs, server.scaleDownIdleMs],
    [100, 0, 60_000],
  );
});

Deno.test("resolveModelSettings() takes retry window, client timeout and tickets from the archive alone (§9)", () => {
  const own = resolve({
    yaml: "maxRetryTimeoutInSec: 7\nclientTimeoutInMills: 80\nuseJobTicket: true\n",
  });
  deepStrictEqual([own.maxRetryTimeoutMs, own.clientTimeoutMs], [7_000, 80]);
  strictEqual(own.usesJobTickets, true);
  const none = resolve({});
  deepStrictEqual([none.maxRetryTimeoutMs, none.clientTimeoutMs], [300_000, 0]);
  strictEqual(none.usesJobTickets, false);
});
