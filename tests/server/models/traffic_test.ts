import { deepStrictEqual, ok, rejects, strictEqual, throws } from "node:assert/strict";
import type { Traffic } from "../../../server/models/mod.ts";
import { TrafficSplit } from "../../../server/models/traffic_split.ts";
import { createCall, RegistryBench } from "../../support/registry_bench.ts";
import { createRandom } from "../../support/random.ts";

/** What chi-square with one, two and three degrees of freedom exceeds once in 10,000 runs. */
const CRITICAL_BY_DEGREES = [0, 15.14, 18.42, 21.11];

const DRAWS = 10_000;

function toChiSquare(counts: ReadonlyMap<string, number>, weights: Record<string, number>): number {
  const total = Object.values(weights).reduce((sum, weight) => sum + weight, 0);
  let sum = 0;
  for (const [version, weight] of Object.entries(weights)) {
    if (weight === 0) continue;
    const expected = DRAWS * weight / total;
    sum += ((counts.get(version) ?? 0) - expected) ** 2 / expected;
  }
  return sum;
}

Deno.test.each<{ weights: Record<string, number> }>([
  { weights: { "1.0": 90, "2.0": 10 } },
  { weights: { "1.0": 1, "2.0": 2, "3.0": 3 } },
  { weights: { "1.0": 50, "2.0": 0, "3.0": 50 } },
])(
  "ModelRegistry.predict() spreads 10,000 requests as $weights says, by a chi-square test",
  async ({ weights }) => {
    await using bench = await RegistryBench.create(createRandom(20_261_121));
    for (const version of [1, 2, 3] as const) await bench.register(version, 0);
    bench.registry.setTraffic("net", { weights });
    const counts = new Map<string, number>();
    for (let draw = 0; draw < DRAWS; draw++) {
      const call = createCall(String(draw));
      // Without workers each version refuses, after the registry has chosen it.
      await rejects(bench.registry.predict(call), { code: "model_busy" });
      counts.set(call.servedVersion!, (counts.get(call.servedVersion!) ?? 0) + 1);
    }
    const drawn = Object.entries(weights).filter(([, weight]) => weight > 0);
    deepStrictEqual([...counts.keys()].sort(), drawn.map(([version]) => version));
    const chiSquare = toChiSquare(counts, weights);
    const critical = CRITICAL_BY_DEGREES[drawn.length - 1]!;
    ok(chiSquare < critical, `chi-square ${chiSquare} must be below ${critical}`);
  },
);

Deno.test("TrafficSplit.pick() gives each whole number of a weight the same part of the line", () => {
  const split = new TrafficSplit({ a: 1, b: 0, c: 3 });
  deepStrictEqual([0, 0.2499, 0.25, 0.5, 0.9999].map((share) => split.pick(share)), [
    "a",
    "a",
    "c",
    "c",
    "c",
  ]);
});

Deno.test("ModelRegistry.predict() asks the version of the call, whatever the weights are", async () => {
  await using bench = await RegistryBench.create(() => 0);
  await bench.register(1, 0);
  await bench.register(2, 0);
  bench.registry.setTraffic("net", { weights: { "1.0": 1 } });
  const call = createCall("one", { version: "2.0" });
  await rejects(bench.registry.predict(call), { code: "model_busy" });
  strictEqual(call.servedVersion, "2.0");
});

Deno.test.each<{ traffic: Traffic; message: string }>([
  {
    traffic: { weights: { "1.0": 0 } },
    message:
      'Cannot set the traffic of "net": at least one weight must be above 0, use DELETE to go back to the default version',
  },
  {
    traffic: { weights: {} },
    message:
      'Cannot set the traffic of "net": at least one weight must be above 0, use DELETE to go back to the default version',
  },
  {
    traffic: { weights: { "1.0": 0.5 } },
    message:
      'Cannot set the traffic of "net": the weight of version "1.0" must be a whole number from 0 to 1000000, received 0.5',
  },
  {
    traffic: { weights: { "1.0": -1, "2.0": 2 } },
    message:
      'Cannot set the traffic of "net": the weight of version "1.0" must be a whole number from 0 to 1000000, received -1',
  },
  {
    traffic: { weights: { "1.0": 1_000_001 } },
    message:
      'Cannot set the traffic of "net": the weight of version "1.0" must be a whole number from 0 to 1000000, received 1000001',
  },
  {
    traffic: { weights: { "1.0": 1, "2.0": 1 }, shadow: "2.0" },
    message:
      'Cannot set the traffic of "net": version "2.0" is the shadow, it must have no weight of its own',
  },
  {
    traffic: { weights: { "1.0": 1, "9": 0 } },
    message: "Model version: 9 does not exist for model: net",
  },
  {
    traffic: { weights: {}, shadow: "9" },
    message: "Model version: 9 does not exist for model: net",
  },
  {
    traffic: { weights: { constructor: 1 } },
    message: "Model version: constructor does not exist for model: net",
  },
])("ModelRegistry.setTraffic() refuses $traffic and leaves the split as it was", async (row) => {
  await using bench = await RegistryBench.create();
  await bench.register(1, 0);
  await bench.register(2, 0);
  const before = { weights: { "2.0": 1 } };
  bench.registry.setTraffic("net", before);
  throws(() => bench.registry.setTraffic("net", row.traffic), { message: row.message });
  deepStrictEqual(bench.registry.getTraffic("net"), before);
});

Deno.test("ModelRegistry.unregister() takes the version out of the split, and the split away with the last weight", async () => {
  await using bench = await RegistryBench.create();
  for (const version of [1, 2, 3] as const) await bench.register(version, 0);
  const { registry } = bench;
  registry.setTraffic("net", { weights: { "2.0": 10, "3.0": 90 } });
  await registry.unregister("net", "3.0");
  deepStrictEqual([...registry.listTraffic()], [["net", {
    weights: { "2.0": 10 },
    shadow: undefined,
  }]]);
  await registry.unregister("net", "2.0");
  deepStrictEqual([...registry.listTraffic()], []);
  const call = createCall("default");
  await rejects(registry.predict(call), { code: "model_busy" });
  strictEqual(call.servedVersion, "1.0");
});

Deno.test("ModelRegistry.setTraffic() goes back to the default version without a split", async () => {
  await using bench = await RegistryBench.create();
  await bench.register(1, 0);
  await bench.register(2, 0);
  bench.registry.setTraffic("net", { weights: { "2.0": 1 } });
  bench.registry.setTraffic("net", undefined);
  const call = createCall("default");
  await rejects(bench.registry.predict(call), { code: "model_busy" });
  strictEqual(call.servedVersion, "1.0");
  deepStrictEqual(bench.registry.getTraffic("net"), undefined);
});

Deno.test("ModelRegistry.describeAll() describes every version of every model, the default ones marked", async () => {
  await using bench = await RegistryBench.create();
  await bench.register(1, 0);
  await bench.register(2, 0);
  await bench.registry.register({ url: "net@3.mar", modelName: "other", isSynchronous: true });
  const described = bench.registry.describeAll();
  deepStrictEqual(
    described.map(({ modelName, modelVersion, isDefault }) => [modelName, modelVersion, isDefault]),
    [["net", "1.0", true], ["net", "2.0", false], ["other", "3.0", true]],
  );
});
