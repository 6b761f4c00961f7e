/** What handlers should not do and do: it costs their own batch, and never their worker. */
import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { startMarina } from "../support/marina_process.ts";
import { createModelStore } from "../support/model_store.ts";

/** A row's text names what is done. */
const ODD = `
import { PredictionException } from "marina";

const fail = (change) => {
  const error = new Error("odd");
  change(error);
  throw error;
};

const DEEDS = {
  "a header whose value is a number": (context) => context.setResponseHeader(0, "x-odd", 5),
  "an error of 30 MB": () => fail((error) => (error.message = "x".repeat(3e7))),
  "an error with 30 MB in its stack": () => { throw new Error("x".repeat(3e7)); },
  "an error that repeats a place in a file": () => { throw new Error("file://a ".repeat(1e6)); },
  "an error whose message is an object": () => fail((error) => (error.message = { a: 1 })),
  "an error whose message cannot be a text":
    () => fail((error) => (error.message = Object.create(null))),
  "an error whose stack is a number": () => fail((error) => (error.stack = 5)),
  "an object that cannot be a text": () => { throw Object.create(null); },
  "a rejection of 30 MB": () => { throw new PredictionException("x".repeat(3e7), 404); },
  "a line of 30 MB": () => console.log("x".repeat(3e7)),
  "a status with a phrase of two lines": (context) => context.setResponseStatus(200, "a\\nb"),
  "a status with a phrase that is a number": (context) => context.setResponseStatus(201, 5),
  "a status with a phrase of 30 MB": (context) => context.setResponseStatus(200, "x".repeat(3e7)),
  "a metric with a name of 30 MB": (context) => context.metrics.addCounter("x".repeat(3e7), 1),
  "a metric whose name is a number": (context) => context.metrics.addCounter(5, 1),
  "a metric whose unit is a number": (context) => context.metrics.addMetric("odd", 1, 7),
  "a metric that is no number": (context) => context.metrics.addCounter("odd", NaN),
};

export function handle(data, context) {
  if (data === null) return;
  const deed = String(data[0].body);
  DEEDS[deed]?.(context);
  return data.map(() => "done");
}
`;

const FAILED = 503;

Deno.test.each([{ isolation: "thread" }, { isolation: "process" }])(
  "odd errors, headers, lines and metrics of a handler in a $isolation cost its own batch at most, and never its worker",
  async ({ isolation }) => {
    const config = `minWorkers: 1\nmaxWorkers: 1\nisolation: ${isolation}\n`;
    await using store = await createModelStore({ odd: { handler: ODD, config } });
    await using marina = await startMarina({
      args: ["--model-store", store.dir, "--models", "all"],
    });
    const ask = async (deed: string) => {
      const response = await fetch(`${marina.inferenceUrl}/predictions/odd`, {
        method: "POST",
        headers: { "content-type": "text/plain" },
        body: deed,
      });
      const text = await response.text();
      ok(text.length < 100_000, `${deed}: the answer has ${text.length} characters`);
      return response;
    };
    const statuses: Record<string, number> = {};
    for (const [, deed] of ODD.matchAll(/^ {2}"([^"]+)":/gm)) {
      statuses[deed!] = (await ask(deed!)).status;
    }
    deepStrictEqual(statuses, {
      "a header whose value is a number": 200,
      "an error of 30 MB": FAILED,
      "an error with 30 MB in its stack": FAILED,
      "an error that repeats a place in a file": FAILED,
      "an error whose message is an object": FAILED,
      "an error whose message cannot be a text": FAILED,
      "an error whose stack is a number": FAILED,
      "an object that cannot be a text": FAILED,
      "a rejection of 30 MB": 404,
      "a line of 30 MB": 200,
      "a status with a phrase of two lines": FAILED,
      "a status with a phrase that is a number": 201,
      "a status with a phrase of 30 MB": FAILED,
      "a metric with a name of 30 MB": 200,
      "a metric whose name is a number": 200,
      "a metric whose unit is a number": 200,
      "a metric that is no number": 200,
    });
    strictEqual((await ask("a header whose value is a number")).headers.get("x-odd"), "5");
    await marina.waitForStderr(/expected texts of at most 1024 characters for its name/);
    deepStrictEqual(marina.stderrLines.filter((line) => line.includes('"Worker failed"')), []);
    ok(marina.stderrLines.every((line) => line.length < 250_000), "a line of the log is too long");
  },
);
