import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { send } from "./_management_call.ts";

Deno.test.each([
  { query: "", text: '{\n  "workflows": []\n}\n' },
  { query: "?limit=0", text: '{\n  "nextPageToken": "0",\n  "workflows": []\n}\n' },
])("GET /workflows$query lists none (§1.7, T46)", async ({ query, text }) => {
  const answer = await send({}, { path: `/workflows${query}` });
  deepStrictEqual([answer.status, answer.text], [200, text]);
});

Deno.test("POST /workflows answers 400: registering is disabled (§1.7, T46)", async () => {
  const { body } = await send({}, { method: "POST", path: "/workflows?url=x.war" });
  deepStrictEqual(body, {
    code: 400,
    type: "BadRequestException",
    message: "Registering new workflows is disabled.",
  });
});

Deno.test.each(["GET", "DELETE"])(
  "%s /workflows/{name} answers 404 (§1.7, T46)",
  async (method) => {
    const { body } = await send({}, { method, path: "/workflows/flow" });
    deepStrictEqual(body, {
      code: 404,
      type: "WorkflowNotFoundException",
      message: "Workflow not found: flow",
    });
  },
);

Deno.test.each([
  { method: "PUT", path: "/workflows" },
  { method: "POST", path: "/workflows/flow" },
])("$method $path answers 405", async (call) => {
  strictEqual((await send({}, call)).status, 405);
});
