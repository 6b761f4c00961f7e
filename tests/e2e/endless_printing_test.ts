/** A worker that prints without end: a second is left for everybody else. */
import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { startMarina } from "../support/marina_process.ts";
import { createModelStore } from "../support/model_store.ts";

const PRINTER = `
export async function handle(data) {
  if (data === null) return;
  const mood = String(data[0].body);
  if (mood === "console") {
    for (;;) {
      for (let line = 0; line < 100; line++) console.log("line " + line);
      await new Promise((resolve) => setTimeout(resolve));
    }
  }
  const lines = new TextEncoder().encode("a\\n".repeat(32_768));
  if (mood === "stdout") for (;;) Deno.stdout.writeSync(lines);
  return data.map(() => "done");
}
`;

const DIED = { code: 500, type: "InternalServerException", message: "Worker died." };

Deno.test.each([
  { isolation: "process", mood: "stdout" },
  { isolation: "process", mood: "console" },
  { isolation: "thread", mood: "console" },
])(
  "an endless loop that prints to its $mood in a $isolation costs its batch a 500, and the other model's requests no wait",
  async ({ isolation, mood }) => {
    const config = `minWorkers: 1\nmaxWorkers: 1\nisolation: ${isolation}\n`;
    await using store = await createModelStore({
      endless: { handler: PRINTER, config: `${config}responseTimeout: 3\n` },
      calm: { handler: PRINTER, config },
    });
    await using marina = await startMarina({
      args: ["--model-store", store.dir, "--models", "all"],
    });
    const ask = (model: string, body: string) =>
      fetch(`${marina.inferenceUrl}/predictions/${model}`, {
        method: "POST",
        headers: { "content-type": "text/plain" },
        body,
      });
    strictEqual(await (await ask("calm", "hello")).text(), "done");
    strictEqual(await (await ask("endless", "hello")).text(), "done");

    let isOver = false;
    const lost = ask("endless", mood).finally(() => isOver = true);
    let answers = 0;
    while (!isOver) {
      strictEqual(await (await ask("calm", "hello")).text(), "done");
      answers++;
    }
    const response = await lost;
    deepStrictEqual([response.status, await response.json()], [500, DIED]);
    ok(answers >= 100, `the other model was answered ${answers} times in 3 seconds`);
    await marina.waitForStderr(/Cannot log all that the worker prints/);
    strictEqual(await (await ask("endless", "again")).text(), "done");
  },
);
