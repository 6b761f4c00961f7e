/** What every built-in handler keeps, whatever its model: one suite, called for each. */

import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";
import { BUILT_IN_HANDLERS, type HandlerData, resolveHandlerEntry } from "marina";
import { startHandler } from "./started_handler.ts";

export interface ContractCase {
  /** Key of `BUILT_IN_HANDLERS`. */
  readonly name: string;
  readonly modelPath: string;
  /** Requests whose answers all differ. */
  readonly good: readonly HandlerData[];
  readonly bad: readonly HandlerData[];
}

/** Registers the suite's tests for one handler. */
export function testHandlerContract({ name, modelPath, good, bad }: ContractCase): void {
  const start = () =>
    startHandler(BUILT_IN_HANDLERS.get(name)!.load(), modelPath, { batchSize: 4 });

  Deno.test(`${name} answers each request of a batch in its place, as it answers it alone`, async () => {
    await using handler = await start();
    const { answers, statuses } = await handler.predict([...good]);
    strictEqual(answers.length, good.length);
    ok(statuses.every((status) => status === 200));
    for (const [i, row] of good.entries()) {
      const alone = (await handler.predict([row])).answers[0];
      deepStrictEqual(round(answers[i]), round(alone));
      for (const other of answers.slice(i + 1)) ok(!isSame(round(other), round(alone)));
    }
  });

  Deno.test(`${name} refuses bad requests with 400 and their own text, among good ones and alone`, async () => {
    await using handler = await start();
    for (const row of bad) {
      const { answers, statuses } = await handler.predict([good[0]!, row, good[1]!]);
      deepStrictEqual(statuses, [200, 400, 200]);
      const { code, type, message } = answers[1] as Record<string, unknown>;
      deepStrictEqual([code, type], [400, "BadRequestException"]);
      ok(String(message).startsWith("Cannot "), String(message));
      deepStrictEqual((await handler.predict([row])).answers, [answers[1]]);
    }
  });

  Deno.test(`${name} answers an empty batch with an empty list`, async () => {
    await using handler = await start();
    deepStrictEqual((await handler.predict([])).answers, []);
  });

  Deno.test(`${name} describes its model and explains nothing`, async () => {
    await using handler = await start();
    const [description] = (await handler.predict([{}], "describe")).answers;
    ok((description as { inputs: unknown[] }).inputs.length > 0);
    await rejects(handler.predict([good[0]!], "explain"), { errorCode: 501 });
  });

  Deno.test(`${name} may be released twice`, async () => {
    await using handler = await start();
    await handler.entry.release?.();
  });

  Deno.test(`${name} is what a module that exports it alone is loaded as`, () => {
    const entry = resolveHandlerEntry({ [name]: BUILT_IN_HANDLERS.get(name)!.load() });
    strictEqual(typeof entry.handle, "function");
  });
}

/** To 5 digits: sums may be taken in another order in a larger batch. */
function round(value: unknown): unknown {
  return JSON.parse(JSON.stringify(
    value,
    (_key, part) =>
      part instanceof Map ? [...part] : typeof part === "number" ? Number(part.toFixed(5)) : part,
  ));
}

function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
