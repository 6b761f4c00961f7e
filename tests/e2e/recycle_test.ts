import { deepStrictEqual, ok } from "node:assert/strict";
import { startMarina } from "../support/marina_process.ts";
import { createModelStore } from "../support/model_store.ts";

const STREAMER = `
export async function handle(data, context) {
  if (data === null) return;
  for (let part = 0; part < 3; part++) {
    await context.sendIntermediate(data.map((row) => row.body + part + " "));
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  return data.map((row) => row.body + "end");
}
`;

Deno.test("recycle replaces processes between streamed answers: every one comes whole, from one process", async () => {
  const config = "minWorkers: 2\nmaxWorkers: 2\nbatchSize: 2\nisolation: process\n" +
    "recycle:\n  afterBatches: 5\n";
  await using store = await createModelStore({ streamer: { handler: STREAMER, config } });
  await using marina = await startMarina({ args: ["--model-store", store.dir, "--models", "all"] });
  const odd: unknown[] = [];
  let isOver = false;
  const clients = Array.from({ length: 8 }, async (_, n) => {
    while (!isOver) {
      const response = await fetch(`${marina.inferenceUrl}/predictions/streamer`, {
        method: "POST",
        headers: { "content-type": "text/plain" },
        body: `${n}-`,
      });
      const text = await response.text();
      if (text !== `${n}-0 ${n}-1 ${n}-2 ${n}-end`) odd.push([response.status, text]);
    }
  });
  const countFresh = () =>
    marina.stderrLines.filter((line) => line.includes("takes the place of process")).length;
  while (countFresh() < 4) await new Promise((resolve) => setTimeout(resolve));
  isOver = true;
  await Promise.all(clients);
  deepStrictEqual(odd, []);
  ok(!marina.stderrLines.some((line) => line.includes('"Worker failed"')));
});
