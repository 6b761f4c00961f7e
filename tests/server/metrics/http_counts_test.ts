import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { HttpCounts } from "../../../server/metrics/http_counts.ts";
import { startMetrics } from "./_fixtures.ts";

Deno.test.each([
  [100, "Requests5XX"],
  [199, "Requests5XX"],
  [200, "Requests2XX"],
  [202, "Requests2XX"],
  [299, "Requests2XX"],
  [301, "Requests5XX"],
  [304, "Requests5XX"],
  [399, "Requests5XX"],
  [400, "Requests4XX"],
  [404, "Requests4XX"],
  [499, "Requests4XX"],
  [500, "Requests5XX"],
  [507, "Requests5XX"],
])("HttpCounts counts status %d as %s (T43)", (status, name) => {
  const counted: string[] = [];
  const counts = new HttpCounts((opened) => ({ record: () => counted.push(opened) }));
  counts.onAnswered({ status, requestId: "a" });
  deepStrictEqual(counted, [name]);
});

Deno.test("HttpCounts leaves the server's own 413 out, and counts a handler's (T43)", () => {
  let count = 0;
  const counts = new HttpCounts(() => ({ record: () => void count++ }));
  counts.onAnswered({ status: 413, requestId: undefined });
  strictEqual(count, 0);
  counts.onAnswered({ status: 413, requestId: "a" });
  strictEqual(count, 1);
});

Deno.test("Requests2XX counts up under Level and Hostname (§5)", async () => {
  const { metrics, show } = startMetrics({ mode: "prometheus" });
  for (let i = 0; i < 8; i++) metrics.httpCounts.onAnswered({ status: 200, requestId: "a" });
  deepStrictEqual(await show("Requests2XX"), ['Requests2XX{Level="Host",Hostname="vm",} 8.0']);
});
