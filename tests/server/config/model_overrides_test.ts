import { deepStrictEqual, rejects } from "node:assert/strict";
import type { ModelOverrides } from "../../../server/config/mod.ts";
import { readConfig } from "./_read_config.ts";

const ROWS: readonly { json: string; expected: ModelOverrides; warning?: string }[] = [
  {
    json:
      '"minWorkers": 1, "maxWorkers": 2, "batchSize": 4, "maxBatchDelay": 100, "responseTimeout": 120, "startupTimeout": 60, "runtimeType": "python"',
    expected: {
      minWorkers: 1,
      maxWorkers: 2,
      batchSize: 4,
      maxBatchDelayMs: 100,
      responseTimeoutMs: 120_000,
      startupTimeoutMs: 60_000,
      runtime: "python",
    },
  },
  {
    json: '"minWorkers": 2, "maxWorkers": 1, "batchSize": 4',
    expected: { batchSize: 4 },
    warning:
      'has no effect at the workers of "noop" "1.0": "minWorkers" and "maxWorkers" must both be there, the latter not below',
  },
  {
    json: '"maxWorkers": 1',
    expected: {},
    warning:
      'has no effect at the workers of "noop" "1.0": "minWorkers" and "maxWorkers" must both be there, the latter not below',
  },
  {
    json: '"batchSize": 0',
    expected: {},
    warning: 'has no effect at "batchSize" of "noop" "1.0": it must be above 0',
  },
  {
    json: '"maxBatchDelay": -1',
    expected: {},
    warning: 'has no effect at "maxBatchDelay" of "noop" "1.0": it must be above 0',
  },
  {
    json: '"batchsize": 3',
    expected: {},
    warning:
      'has no effect at "batchsize" of "noop" "1.0": the name is unknown, did you mean "batchSize"?',
  },
  {
    json: '"marName": "noop.mar"',
    expected: {},
    warning: 'has no effect at "marName" of "noop" "1.0": it counts only inside a snapshot',
  },
];

Deno.test.each(ROWS)(
  "the setting models reads {$json} (§9 models={})",
  async ({ json, expected, warning }) => {
    const { config, warnings } = await readConfig([`models={"noop": {"1.0": {${json}}}}`]);
    deepStrictEqual(config.modelOverrides, new Map([["noop", new Map([["1.0", expected]])]]));
    const start = 'Setting "models" (from config.properties, line 2) ';
    deepStrictEqual(warnings, warning === undefined ? [] : [start + warning]);
  },
);

Deno.test.each([
  { json: "{", found: /must be JSON \(/ },
  { json: '{"a": 1}', found: /must be a JSON object at "a"/ },
  { json: '{"a": {"1": []}}', found: /must be a JSON object at "a" "1"/ },
  {
    json: '{"a": {"1": {"batchSize": "four"}}}',
    found: /must hold an integer up to \d+ as "batchSize" of "a" "1"/,
  },
  {
    json: '{"a": {"1": {"minWorkers": 513}}}',
    found: /must hold an integer up to 512 as "minWorkers" of "a" "1"/,
  },
  { json: '{"a": {"1": {"runtimeType": 3}}}', found: /must hold a text as "runtimeType"/ },
])(
  "the setting models refuses $json with file and line (§9 models={})",
  async ({ json, found }) => {
    await rejects(readConfig(["", `models=${json}`]), { name: "ConfigError", message: found });
    await rejects(readConfig(["", `models=${json}`]), { message: /config\.properties, line 3\)$/ });
  },
);
