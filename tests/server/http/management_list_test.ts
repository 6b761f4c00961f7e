import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { send } from "./_management_call.ts";

function createModelList(count: number): () => { modelName: string; modelUrl: string }[] {
  return () =>
    Array.from({ length: count }, (_, i) => ({ modelName: `m${i}`, modelUrl: `m${i}.mar` }));
}

Deno.test.each([
  { count: 0, query: "", names: [], token: undefined },
  { count: 2, query: "", names: ["m0", "m1"], token: undefined },
  { count: 3, query: "?limit=2", names: ["m0", "m1"], token: "2" },
  { count: 3, query: "?limit=2&next_page_token=2", names: ["m2"], token: undefined },
  { count: 3, query: "?limit=2;next_page_token=1", names: ["m1", "m2"], token: "3" },
  { count: 3, query: "?limit=0", names: [], token: "0" },
  { count: 3, query: "?next_page_token=9", names: [], token: undefined },
  { count: 3, query: "?limit=x&next_page_token=-4", names: ["m0", "m1", "m2"], token: undefined },
  { count: 2, query: "?limit=1&limit=2", names: ["m0"], token: "1" },
])(
  "GET /models$query of $count models lists $names and the token $token (§1.6, T17)",
  async (row) => {
    const { status, body } = await send({ list: createModelList(row.count) }, {
      path: `/models${row.query}`,
    });
    strictEqual(status, 200);
    deepStrictEqual(
      Object.keys(body),
      row.token === undefined ? ["models"] : ["nextPageToken", "models"],
    );
    strictEqual(body.nextPageToken, row.token);
    deepStrictEqual(
      body.models,
      row.names.map((name) => ({ modelName: name, modelUrl: `${name}.mar` })),
    );
  },
);

Deno.test.each(["-1", "101"])(
  "GET /models?limit=%s gives pages of 100 (§1.6, T10)",
  async (limit) => {
    const { body } = await send({ list: createModelList(150) }, { path: `/models?limit=${limit}` });
    strictEqual((body.models as unknown[]).length, 100);
    strictEqual(body.nextPageToken, "100");
  },
);
