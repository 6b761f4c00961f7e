import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { LeftOutModels } from "../../../server/snapshots/mod.ts";
import { createRestored } from "./_models.ts";

const LIVE = createRestored({ modelVersion: "2.0" });
const GONE = createRestored({ modelVersion: "1.0", isDefault: true });
const TRAFFIC = { weights: { "1.0": 90, "2.0": 10 } };

function createLeftOut(): LeftOutModels {
  const leftOut = new LeftOutModels();
  leftOut.add(GONE, TRAFFIC);
  return leftOut;
}

Deno.test("LeftOutModels.addTo() keeps a version that could not be restored in the next snapshot, with default flag and weight", () => {
  const state = { models: [LIVE], traffic: { noop: { weights: { "2.0": 10 } } } };
  deepStrictEqual(createLeftOut().addTo(state), {
    models: [{ ...LIVE, isDefault: false }, GONE],
    traffic: { noop: TRAFFIC },
  });
});

Deno.test("LeftOutModels.addTo() keeps the shadow, and the weights of a model that is gone whole", () => {
  const leftOut = createLeftOut();
  leftOut.add(createRestored({ modelVersion: "3.0", isDefault: false }), {
    weights: {},
    shadow: "3.0",
  });
  deepStrictEqual(leftOut.addTo({ models: [], traffic: {} }).traffic, {
    noop: { weights: { "1.0": 90 }, shadow: "3.0" },
  });
});

Deno.test("LeftOutModels.addTo() gives way to a version that was registered anew", () => {
  const live = { ...GONE, minWorkers: 7 };
  deepStrictEqual(createLeftOut().addTo({ models: [live], traffic: {} }).models, [live]);
});

Deno.test("LeftOutModels.clearDefault() and clearTraffic() let the operator's decision stand", () => {
  const leftOut = createLeftOut();
  leftOut.clearDefault("noop");
  leftOut.clearTraffic("noop");
  deepStrictEqual(leftOut.addTo({ models: [LIVE], traffic: {} }), {
    models: [LIVE, { ...GONE, isDefault: false }],
    traffic: {},
  });
});

Deno.test("LeftOutModels.forget() takes a version out, the default one where none is named", () => {
  const leftOut = createLeftOut();
  leftOut.add(createRestored({ modelVersion: "3.0", isDefault: false }), undefined);
  strictEqual(leftOut.forget("other"), false);
  strictEqual(leftOut.forget("noop", "9.0"), false);
  strictEqual(leftOut.forget("noop"), true);
  strictEqual(leftOut.forget("noop"), false);
  strictEqual(leftOut.forget("noop", "3.0"), true);
  const state = { models: [], traffic: {} };
  strictEqual(leftOut.addTo(state), state);
});
