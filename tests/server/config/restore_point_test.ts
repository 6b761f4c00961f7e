import { deepStrictEqual, throws } from "node:assert/strict";
import { parseRestorePoint } from "../../../server/config/_restore_point.ts";

const PATH = "/logs/config/20261121024541133-startup.cfg";

function toJson(entry: unknown, marina?: unknown): string {
  return JSON.stringify({ models: { noop: { "1.0": entry } }, marina });
}

Deno.test("parseRestorePoint() reads TorchServe's form: names, versions, defaults, workers, batches, seconds (§7)", () => {
  const json =
    `{ "name": "20261121024541133-startup.cfg", "modelCount": 2, "created": 1795229141134,
    "models": {
      "noop": {
        "1.11": { "defaultVersion": true, "marName": "noop.mar", "minWorkers": 1, "maxWorkers": 2,
          "batchSize": 3, "maxBatchDelay": 77, "responseTimeout": 99, "startupTimeout": 120,
          "runtimeType": "python", "parallelLevel": 2 },
        "1.2": { "defaultVersion": false, "marName": "noop@1.2.mar", "minWorkers": 0, "maxWorkers": 0,
          "batchSize": 1, "maxBatchDelay": 0, "responseTimeout": 120, "startupTimeout": 0,
          "runtimeType": "deno" } },
      "other": { "1.0": { "marName": "other" } } } }`;
  const base = { modelName: "noop", handler: undefined };
  deepStrictEqual(parseRestorePoint(PATH, json), {
    file: PATH,
    models: [{
      ...base,
      modelVersion: "1.11",
      isDefault: true,
      url: "noop.mar",
      minWorkers: 1,
      maxWorkers: 2,
      batchSize: 3,
      maxBatchDelayMs: 77,
      responseTimeoutMs: 99_000,
      startupTimeoutMs: 120_000,
      runtime: "python",
    }, {
      ...base,
      modelVersion: "1.2",
      isDefault: false,
      url: "noop@1.2.mar",
      minWorkers: 0,
      maxWorkers: 0,
      batchSize: 1,
      maxBatchDelayMs: 0,
      responseTimeoutMs: 120_000,
      startupTimeoutMs: 0,
      runtime: "deno",
    }, {
      modelName: "other",
      modelVersion: "1.0",
      url: "other",
      isDefault: false,
      minWorkers: undefined,
      maxWorkers: undefined,
      batchSize: undefined,
      maxBatchDelayMs: undefined,
      responseTimeoutMs: undefined,
      startupTimeoutMs: undefined,
      runtime: undefined,
      handler: undefined,
    }],
    traffic: {},
  });
});

Deno.test("parseRestorePoint() reads the weights and the shadow that this server adds", () => {
  const traffic = { noop: { weights: { "1.0": 90, "2.0": 10 }, shadow: "3.0" } };
  const marina = { format: 1, traffic, later: true };
  deepStrictEqual(
    parseRestorePoint(PATH, toJson({ marName: "noop.mar" }, marina)).traffic,
    traffic,
  );
});

Deno.test.each([
  { what: "text that is no JSON", json: '{ "models"', found: '"model_snapshot" must be JSON' },
  { what: "a list", json: "[]", found: '"model_snapshot" must be a JSON object, found []' },
  { what: "no models", json: "{}", found: '"models" must be a JSON object, found undefined' },
  {
    what: "a newer format",
    json: toJson({ marName: "a.mar" }, { format: 2 }),
    found: "its format must be 1, found 2",
  },
  { what: "no marName", json: toJson({}), found: '"marName" of "noop 1.0" is missing' },
  {
    what: "fewer workers at most than at least",
    json: toJson({ marName: "a.mar", minWorkers: 2, maxWorkers: 1 }),
    found: '"maxWorkers" of "noop 1.0" must be an integer from 2, found 1',
  },
  {
    what: "half a row",
    json: toJson({ marName: "a.mar", batchSize: 1.5 }),
    found: '"batchSize" of "noop 1.0" must be an integer from 1, found 1.5',
  },
  {
    what: "a timeout as text",
    json: toJson({ marName: "a.mar", responseTimeout: "9" }),
    found: '"responseTimeout" of "noop 1.0" must be an integer from 0, found "9"',
  },
  {
    what: "a weight below 0",
    json: toJson({ marName: "a.mar" }, { traffic: { noop: { weights: { "1.0": -1 } } } }),
    found: '"traffic of noop" must be an integer from 0, found -1',
  },
])("parseRestorePoint() refuses $what", ({ json, found }) => {
  throws(() => parseRestorePoint(PATH, json), (error: Error) => {
    deepStrictEqual(error.name, "ConfigError");
    deepStrictEqual(
      error.message.startsWith(`Cannot restore the models of "${PATH}": ${found}`),
      true,
      error.message,
    );
    return true;
  });
});
