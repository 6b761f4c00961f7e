import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { ManagementClient, NOOP_HANDLER, startWithModelApi } from "../support/management_client.ts";
import { startMarina } from "../support/marina_process.ts";
import { createModelStore } from "../support/model_store.ts";

/** Answers its version. */
const VERSION_HANDLER = `
export function handle(rows, context) {
  return rows?.map(() => context.modelVersion);
}
`;

const DRAWS = 400;

/** What chi-square with one degree of freedom exceeds once in a million runs: these draws have no seed. */
const CRITICAL = 23.93;

Deno.test("POST /models/{name}/traffic spreads predictions by weight, and x-model-version says who answered", async (t) => {
  await using store = await createModelStore({
    "net@1": { handler: VERSION_HANDLER, version: "1.0" },
    "net@2": { handler: VERSION_HANDLER, version: "2.0" },
    "net@3": { handler: VERSION_HANDLER, version: "3.0" },
    broken: { handler: "export function handle(rows) {\n  if (rows) throw new Error('No');\n}\n" },
  });
  await using marina = await startWithModelApi(store.dir);
  const management = new ManagementClient(marina);
  for (const name of ["net@1", "net@2", "net@3", "broken"]) {
    await management.call(`POST /models?url=${name}.mar&initial_workers=1`);
  }
  const ask = async (path: string): Promise<[string, string | null]> => {
    const response = await fetch(`${marina.inferenceUrl}/predictions/${path}`);
    return [await response.text(), response.headers.get("x-model-version")];
  };
  const setTraffic = (traffic: unknown) =>
    management.call("POST /models/net/traffic", JSON.stringify(traffic));

  await t.step("without weights all go to the default version", async () => {
    deepStrictEqual(await ask("net"), ["1.0", "1.0"]);
    deepStrictEqual(await ask("net/2.0"), ["2.0", "2.0"]);
    deepStrictEqual(await management.call("GET /models/net/traffic"), [200, { weights: {} }]);
  });
  await t.step("a failed prediction names its version, too", async () => {
    strictEqual((await ask("broken"))[1], "1.0");
    strictEqual((await ask("nothing"))[1], null);
  });
  await t.step("with weights 75 and 25, by a chi-square test", async () => {
    const traffic = { weights: { "1.0": 75, "2.0": 25 } };
    deepStrictEqual(await setTraffic(traffic), [200, traffic]);
    const counts: Record<string, number> = { "1.0": 0, "2.0": 0 };
    for (let round = 0; round < DRAWS / 20; round++) {
      for (
        const [text, version] of await Promise.all(Array.from({ length: 20 }, () => ask("net")))
      ) {
        strictEqual(text, version);
        counts[text]!++;
      }
    }
    const [first, second] = [DRAWS * 0.75, DRAWS * 0.25];
    const chiSquare = (counts["1.0"]! - first) ** 2 / first +
      (counts["2.0"]! - second) ** 2 / second;
    ok(chiSquare < CRITICAL, `chi-square ${chiSquare} of ${JSON.stringify(counts)}`);
  });
  await t.step("a version in the path goes before the weights", async () => {
    deepStrictEqual(await ask("net/3.0"), ["3.0", "3.0"]);
  });
  await t.step("a shadow gets copies and answers nobody", async () => {
    await setTraffic({ weights: { "1.0": 1 }, shadow: "3.0" });
    for (let i = 0; i < 5; i++) deepStrictEqual(await ask("net"), ["1.0", "1.0"]);
    const [{ shadow }] = await management.describe("net/3.0");
    deepStrictEqual(shadow, { sent: 5, dropped: 0, failed: 0 });
  });
  await t.step("a version that is unregistered leaves the split", async () => {
    await setTraffic({ weights: { "1.0": 1, "2.0": 1 } });
    await management.call("DELETE /models/net/2.0");
    deepStrictEqual(await management.call("GET /models/net/traffic"), [200, {
      weights: { "1.0": 1 },
    }]);
  });
  await t.step("DELETE goes back to the default version", async () => {
    deepStrictEqual(await setTraffic({ weights: { "3.0": 1 } }), [200, { weights: { "3.0": 1 } }]);
    deepStrictEqual(await ask("net"), ["3.0", "3.0"]);
    deepStrictEqual(await management.call("DELETE /models/net/traffic"), [200, { weights: {} }]);
    deepStrictEqual(await ask("net"), ["1.0", "1.0"]);
  });
  await t.step("what is not there answers 404, and weights that make no sense 400", async () => {
    strictEqual((await setTraffic({ weights: { "9": 1 } }))[0], 404);
    strictEqual((await setTraffic({ weights: { "1.0": 0 } }))[0], 400);
    strictEqual((await management.call("GET /models/nope/traffic"))[0], 404);
  });
});

Deno.test("traffic may be set without --enable-model-api, as workers may be scaled (§1.10)", async () => {
  await using store = await createModelStore({ noop: { handler: NOOP_HANDLER } });
  await using marina = await startMarina({
    args: ["--model-store", store.dir, "--models", "noop.mar"],
    config: { default_workers_per_model: 1 },
  });
  const management = new ManagementClient(marina);
  const json = '{"weights": {"1.0": 1}}';
  strictEqual((await management.call("POST /models/noop/traffic", json))[0], 200);
  strictEqual((await management.call("PUT /models/noop?replace=true&url=noop.mar"))[0], 405);
});
