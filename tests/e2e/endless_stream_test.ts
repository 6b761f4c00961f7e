import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import { startMarina } from "../support/marina_process.ts";
import { createModelStore } from "../support/model_store.ts";

const STREAMER = `
export async function handle(data, context) {
  if (data === null) return;
  if (String(data[0].body) !== "endless") return data.map(() => "done");
  for (;;) {
    await context.sendIntermediate(["more, "]);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
`;

Deno.test.each([{ isolation: "thread" }, { isolation: "process" }])(
  "an endless stream in a $isolation goes on past responseTimeout while its client reads, and ends that long after it has gone",
  async ({ isolation }) => {
    const config = `minWorkers: 1\nmaxWorkers: 1\nisolation: ${isolation}\nresponseTimeout: 1\n`;
    await using store = await createModelStore({ endless: { handler: STREAMER, config } });
    await using marina = await startMarina({
      args: ["--model-store", store.dir, "--models", "all"],
    });
    const ask = (body: string) =>
      fetch(`${marina.inferenceUrl}/predictions/endless`, {
        method: "POST",
        headers: { "content-type": "text/plain" },
        body,
      });
    const response = await ask("endless");
    const startedAtMs = performance.now();
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    while (performance.now() - startedAtMs < 2_000) match((await reader.read()).value!, /^more, /);
    deepStrictEqual(marina.stderrLines.filter((line) => line.includes('"Worker failed"')), []);
    await reader.cancel();
    const next = await ask("hello");
    deepStrictEqual([next.status, await next.text()], [200, "done"]);
    match(await marina.waitForStderr(/"Worker failed"/), /No answer within 1000 ms/);
    strictEqual(await marina.stop(), 0);
  },
);
