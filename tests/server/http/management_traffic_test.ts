import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { ServeError } from "../../../server/errors.ts";
import type { Traffic } from "../../../server/models/mod.ts";
import { send } from "./_management_call.ts";

const PATH = "/models/noop/traffic";

/** A model's split, as the registry keeps it. */
function createTraffic() {
  const set: (Traffic | undefined)[] = [];
  return {
    set,
    getTraffic: () => set.at(-1),
    setTraffic: (_name: string, traffic: Traffic | undefined): void => void set.push(traffic),
  };
}

Deno.test("POST /models/{name}/traffic sets weights and shadow, and answers what GET answers from then on", async () => {
  const given = createTraffic();
  const text = '{"weights": {"1.0": 90, "2.0": 10}, "shadow": "3.0"}';
  const posted = await send(given, { method: "POST", path: PATH, body: text });
  deepStrictEqual([posted.status, posted.body], [200, JSON.parse(text)]);
  const got = await send(given, { path: PATH });
  deepStrictEqual([got.status, got.text], [200, posted.text]);
  await send(given, { method: "POST", path: PATH, body: got.text });
  deepStrictEqual(given.set, [JSON.parse(text), JSON.parse(text)]);
});

Deno.test("DELETE /models/{name}/traffic goes back to the default version", async () => {
  const given = createTraffic();
  const { status, body } = await send(given, { method: "DELETE", path: PATH });
  deepStrictEqual([status, body, given.set], [200, { weights: {} }, [undefined]]);
});

Deno.test("POST /models/{name}/traffic takes back what GET answers of a model without weights", async () => {
  const given = createTraffic();
  const { text } = await send(given, { path: PATH });
  strictEqual((await send(given, { method: "POST", path: PATH, body: text })).status, 200);
  deepStrictEqual(given.set, [undefined]);
});

Deno.test("POST /models/{name}/traffic is allowed while the model API is off, as scaling is (§1.10)", async () => {
  const call = { method: "POST", path: PATH, body: '{"weights": {"1.0": 1}}' };
  strictEqual((await send(createTraffic(), call, { isModelApiEnabled: false })).status, 200);
});

Deno.test.each([
  { body: '{"weight": {}}', message: 'expected "weights" and "shadow", received "weight"' },
  { body: '{"weights": [1]}', message: '"weights" must be an object of whole numbers by version' },
  {
    body: '{"weights": {"1.0": "90"}}',
    message: 'the weight of "1.0" must be a number, received "90"',
  },
  { body: '{"shadow": 3}', message: '"shadow" must be a version\'s name, received 3' },
  {
    body: JSON.stringify({
      weights: Object.fromEntries(Array.from({ length: 101 }, (_, i) => [i, 1])),
    }),
    message: '"weights" must name at most 100 versions, received 101',
  },
])("POST /models/{name}/traffic answers 400 because $message", async ({ body, message }) => {
  const answer = await send(createTraffic(), { method: "POST", path: PATH, body });
  deepStrictEqual([answer.status, answer.body.message], [
    400,
    `Cannot set the traffic of a model: ${message}`,
  ]);
});

Deno.test("POST /models/{name}/traffic answers 404 for a version that is not there", async () => {
  const setTraffic = (): never => {
    throw new ServeError(
      "model_version_not_found",
      "Model version: 9 does not exist for model: noop",
    );
  };
  const call = { method: "POST", path: PATH, body: '{"weights": {"9": 1}}' };
  const { status, body } = await send({ setTraffic }, call);
  deepStrictEqual([status, body.type], [404, "ModelVersionNotFoundException"]);
});
