import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import { parse } from "dot-properties";
import { parseRestorePoint } from "../../../server/config/mod.ts";
import { toSnapshotText } from "../../../server/snapshots/_snapshot_text.ts";
import { toServerState } from "../../../server/snapshots/mod.ts";
import { createDescription, createRestored } from "./_models.ts";

const OPTIONS = {
  fileName: "20261121024541133-startup.cfg",
  createdAtMs: 1_795_229_141_134,
  properties: new Map<string, string>(),
  configFile: "",
  serverVersion: "0.1.0",
};

function readSettings(text: string): Map<string, string> {
  return new Map(Object.entries(parse(text) as Record<string, string>));
}

Deno.test("toSnapshotText() writes the settings, tsConfigFile, version, and model_snapshot as TorchServe's pretty JSON (§7)", () => {
  const noop = createRestored({ maxWorkers: 2, batchSize: 3, maxBatchDelayMs: 77 });
  const text = toSnapshotText({ models: [noop], traffic: {} }, {
    ...OPTIONS,
    properties: new Map([["model_store", "/store"], ["load_models", "all"]]),
    configFile: "/etc/config.properties",
  });
  const settings = readSettings(text);
  deepStrictEqual([...settings.keys()], [
    "load_models",
    "model_store",
    "tsConfigFile",
    "version",
    "model_snapshot",
  ]);
  strictEqual(settings.get("tsConfigFile"), "/etc/config.properties");
  strictEqual(settings.get("version"), "0.1.0");
  strictEqual(
    settings.get("model_snapshot"),
    `{
  "name": "20261121024541133-startup.cfg",
  "modelCount": 1,
  "created": 1795229141134,
  "models": {
    "noop": {
      "1.0": {
        "defaultVersion": true,
        "marName": "noop.mar",
        "minWorkers": 1,
        "maxWorkers": 2,
        "batchSize": 3,
        "maxBatchDelay": 77,
        "responseTimeout": 99,
        "startupTimeout": 120,
        "runtimeType": "python"
      }
    }
  },
  "marina": {
    "format": 1,
    "traffic": {}
  }
}`,
  );
  match(text, /^model_snapshot=\{\\n {2}"name": "2026/m);
  strictEqual(text.trimEnd().split("\n").length, 6, "a comment, and one line a setting");
});

/** Texts with all that Java properties escape. */
const nasty = fc.string({
  unit: fc.oneof(
    fc.constantFrom(":", "=", "\\", "\n", "\r", "\t", "\f", "#", "!", " ", '"', "\0", "\u2028"),
    fc.string({ unit: "binary", minLength: 1, maxLength: 1 }),
    fc.constantFrom("é", "\ud800", "\u{1f600}", "a"),
  ),
});
const settingArbitrary = fc.tuple(nasty.filter((key) => key !== ""), nasty);
const nameArbitrary = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,8}$/);
const count = fc.nat(500);
const modelArbitrary = fc.record({
  modelName: nameArbitrary,
  modelVersion: nameArbitrary,
  url: nasty.filter((url) => url !== ""),
  isDefault: fc.boolean(),
  minWorkers: count,
  batchSize: count.map((n) => n + 1),
  maxBatchDelayMs: count,
  responseTimeoutMs: count.map((n) => n * 1000),
  startupTimeoutMs: count.map((n) => n * 1000),
  runtime: nasty,
  handler: fc.option(nasty, { nil: undefined }),
}).chain((model) => count.map((more) => ({ ...model, maxWorkers: model.minWorkers + more })));
const trafficArbitrary = fc.record(
  { weights: fc.dictionary(nameArbitrary, count), shadow: nameArbitrary },
  { requiredKeys: ["weights"] },
);

Deno.test("toSnapshotText() and the readers give each setting and each model back (§7, T31)", () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(settingArbitrary, { selector: ([key]) => key }),
      fc.uniqueArray(modelArbitrary, { selector: (m) => `${m.modelName} ${m.modelVersion}` }),
      fc.dictionary(nameArbitrary, trafficArbitrary),
      (properties, models, traffic) => {
        const text = toSnapshotText({ models, traffic }, {
          ...OPTIONS,
          properties: new Map(properties),
        });
        // deno-lint-ignore no-control-regex -- ASCII it is, as Java reads Latin-1 and we read UTF-8.
        match(text, /^[\x00-\x7f]*$/);
        const settings = readSettings(text);
        for (const [key, value] of properties) strictEqual(settings.get(key), value);
        const restored = parseRestorePoint("file", settings.get("model_snapshot")!);
        const byVersion = (list: readonly { modelName: string; modelVersion: string }[]) =>
          new Map(list.map((model) => [`${model.modelName} ${model.modelVersion}`, model]));
        deepStrictEqual(byVersion(restored.models), byVersion(models));
        deepStrictEqual(toPlain(restored.traffic), toPlain(traffic));
      },
    ),
    { numRuns: 300 },
  );
});

/** fast-check makes objects without a prototype. */
function toPlain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

Deno.test("toSnapshotText() gives a models={} setting back with its line feeds, colons and quotes (§7, T31)", () => {
  const models = '{\\\n "noop": {\n  "1.0": { "marName": "C:\\\\ü.mar", "minWorkers": 1 } } }';
  const text = toSnapshotText({ models: [], traffic: {} }, {
    ...OPTIONS,
    properties: new Map([["models", models]]),
  });
  strictEqual(readSettings(text).get("models"), models);
});

Deno.test.each([
  { length: "nothing", share: 0 },
  { length: "a half", share: 0.5 },
  { length: "all but the end of the line", share: 0.99 },
])(
  "toSnapshotText() ends with the models, so that $length of it has none that can be read",
  ({ share }) => {
    const text = toSnapshotText({ models: [createRestored({})], traffic: {} }, OPTIONS);
    const json = readSettings(text.slice(0, Math.floor(share * text.length))).get("model_snapshot");
    let restorePoint: unknown;
    try {
      if (json !== undefined) restorePoint = parseRestorePoint("file", json);
    } catch {
      // As it should be.
    }
    strictEqual(restorePoint, undefined);
  },
);

Deno.test("toServerState() keeps what was asked for, and not how many workers run (autoscaling writes nothing)", () => {
  const worker = {
    id: "9000",
    startedAtMs: 0,
    state: "ready",
    gpuId: null,
    executionProvider: "cpu",
  } as const;
  const description = createDescription({ minWorkers: 1, maxWorkers: 4, handler: "own.ts:run" });
  const one = toServerState([{ ...description, workers: [worker] }], new Map());
  const three = toServerState([{ ...description, workers: [worker, worker, worker] }], new Map());
  deepStrictEqual(one, three);
  deepStrictEqual([one.models[0]!.minWorkers, one.models[0]!.maxWorkers], [1, 4]);
  strictEqual(one.models[0]!.handler, "own.ts:run");
});

Deno.test.each([
  { modelUrl: "noop.mar", url: "noop.mar" },
  { modelUrl: "/some/folder/noop.mar", url: "noop.mar" },
  { modelUrl: "https://models.example/a/my%20noop.mar?key=a/b#c/d", url: "my noop.mar" },
  { modelUrl: "file:///models/noop.mar", url: "noop.mar" },
  { modelUrl: "what?#.mar", url: "what?#.mar" },
])("toServerState() finds $modelUrl in the model store by its last name (§7)", (given) => {
  const state = toServerState([createDescription({ modelUrl: given.modelUrl })], new Map());
  strictEqual(state.models[0]!.url, given.url);
});
