import { deepStrictEqual, strictEqual } from "node:assert/strict";
import type { RestoredModel, RestorePoint } from "../../server/config/mod.ts";
import { ServeError } from "../../server/errors.ts";
import { restoreModels } from "../../server/_restore_models.ts";
import type { RegisterRequest, Traffic } from "../../server/models/mod.ts";
import { LeftOutModels } from "../../server/snapshots/mod.ts";

function createModel(modelName: string, modelVersion: string, isDefault = false): RestoredModel {
  return { modelName, modelVersion, url: `${modelName}@${modelVersion}.mar`, isDefault };
}

/** A registry that finds each archive, unless it is among the missing, and keeps what it is asked. */
function createRegistry(
  missing: readonly string[] = [],
  foundVersions = new Map<string, string>(),
) {
  const requests: RegisterRequest[] = [];
  const defaults: string[] = [];
  const traffic: [string, Traffic | undefined][] = [];
  return {
    requests,
    defaults,
    traffic,
    register(request: RegisterRequest) {
      requests.push(request);
      const { url, modelName } = request;
      if (missing.includes(url)) {
        return Promise.reject(new ServeError("archive_not_found", `Model not found at: ${url}`));
      }
      const modelVersion = foundVersions.get(url) ?? request.restored!.modelVersion;
      return Promise.resolve({
        modelName: modelName!,
        modelVersion,
        workers: 0,
        isComplete: true,
      });
    },
    setDefault: (name: string, version: string) => void defaults.push(`${name} ${version}`),
    setTraffic: (name: string, set: Traffic | undefined) => void traffic.push([name, set]),
  };
}

function createPoint(
  models: readonly RestoredModel[],
  traffic: RestorePoint["traffic"] = {},
): RestorePoint {
  return { file: "20261121024541133-startup.cfg", models, traffic };
}

Deno.test("restoreModels() registers each version under its registered name with the snapshot's values, not as a startup model (§7)", async () => {
  const registry = createRegistry();
  const model = { ...createModel("renamed", "1.0"), runtime: "python", handler: "own.ts:run" };
  const leftOut = new LeftOutModels();
  await restoreModels({ registry, restorePoint: createPoint([model]), leftOut });
  deepStrictEqual(registry.requests, [{
    url: "renamed@1.0.mar",
    modelName: "renamed",
    handler: "own.ts:run",
    runtime: "python",
    restored: model,
    isSynchronous: false,
  }]);
});

Deno.test("restoreModels() keeps the versions in order and makes the snapshot's default the default (§7)", async () => {
  const registry = createRegistry();
  const models = [createModel("a", "3.0"), createModel("a", "1.0", true), createModel("a", "2.0")];
  await restoreModels({
    registry,
    restorePoint: createPoint(models),
    leftOut: new LeftOutModels(),
  });
  deepStrictEqual(registry.requests.map(({ url }) => url), ["a@3.0.mar", "a@1.0.mar", "a@2.0.mar"]);
  deepStrictEqual(registry.defaults, ["a 1.0"]);
  deepStrictEqual(registry.traffic, []);
});

Deno.test("restoreModels() gives the traffic weights and the shadow back", async () => {
  const registry = createRegistry();
  const models = [createModel("a", "1.0", true), createModel("a", "2.0"), createModel("a", "3.0")];
  const split = { weights: { "1.0": 90, "2.0": 10 }, shadow: "3.0" };
  const restorePoint = createPoint(models, { a: split });
  await restoreModels({ registry, restorePoint, leftOut: new LeftOutModels() });
  deepStrictEqual(registry.traffic, [["a", split]]);
});

Deno.test("restoreModels() leaves out a model whose archive is missing, restores the others and forgets nothing (§7: TorchServe exits)", async () => {
  const registry = createRegistry(["a@1.0.mar", "b@1.0.mar"]);
  const models = [createModel("a", "1.0", true), createModel("a", "2.0"), createModel("b", "1.0")];
  const restorePoint = createPoint(models, { a: { weights: { "1.0": 90, "2.0": 10 } } });
  const leftOut = new LeftOutModels();
  await restoreModels({ registry, restorePoint, leftOut });
  deepStrictEqual([registry.defaults, registry.traffic], [[], [["a", { weights: { "2.0": 10 } }]]]);
  deepStrictEqual([leftOut.has("a", "1.0"), leftOut.has("a", "2.0"), leftOut.has("b", "1.0")], [
    true,
    false,
    true,
  ]);
  // The state that the next snapshot keeps is the old one.
  const next = leftOut.addTo({ models: [models[1]!], traffic: { a: { weights: { "2.0": 10 } } } });
  deepStrictEqual(new Set(next.models), new Set(models));
  deepStrictEqual(next.traffic, { a: { weights: { "2.0": 10, "1.0": 90 } } });
});

Deno.test("restoreModels() sets no traffic where nothing of it is left", async () => {
  const registry = createRegistry(["a@2.0.mar"]);
  const models = [createModel("a", "1.0", true), createModel("a", "2.0")];
  const restorePoint = createPoint(models, { a: { weights: { "1.0": 0, "2.0": 10 } } });
  await restoreModels({ registry, restorePoint, leftOut: new LeftOutModels() });
  deepStrictEqual(registry.traffic, []);
});

Deno.test("restoreModels() lets an archive that was replaced meanwhile take its old version's place", async () => {
  const registry = createRegistry([], new Map([["a@1.0.mar", "1.1"]]));
  const models = [createModel("a", "1.0", true), createModel("a", "2.0")];
  const restorePoint = createPoint(models, {
    a: { weights: { "2.0": 10 }, shadow: "1.0" },
  });
  const leftOut = new LeftOutModels();
  await restoreModels({ registry, restorePoint, leftOut });
  deepStrictEqual(registry.defaults, ["a 1.1"]);
  deepStrictEqual(registry.traffic, [["a", { weights: { "2.0": 10 }, shadow: "1.1" }]]);
  strictEqual(leftOut.has("a", "1.0"), false);
});
