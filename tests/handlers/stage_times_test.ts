import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { BaseHandler, Context, type HandlerData, type ModelContext } from "marina";
import { RunWatch } from "../../handlers/stage_times.ts";
import { startHandler, testdata } from "../support/started_handler.ts";

const MODEL = testdata("models/weigh.onnx");
const ROW: HandlerData = { body: [1, 2, 3, 4] };

/** A handler whose stages take at least these times, by a clock that it winds on itself. */
class Slow extends BaseHandler {
  override async preprocess(data: HandlerData[], context: Context) {
    busyWait(2);
    return await super.preprocess(data, context);
  }
  override async postprocess(output: never, context: Context) {
    busyWait(4);
    return await super.postprocess(output, context);
  }
}

Deno.test("BaseHandler tells the context how long each of its stages took", async () => {
  await using handler = await startHandler(Slow, MODEL);
  const startedAtMs = performance.now();
  const { context } = await handler.predict([ROW]);
  const wholeMs = performance.now() - startedAtMs;
  const stages = context.takeStages()!;
  deepStrictEqual(Object.keys(stages), ["preprocessMs", "inferenceMs", "postprocessMs"]);
  ok(stages.preprocessMs! >= 2);
  ok(stages.inferenceMs! > 0);
  ok(stages.postprocessMs! >= 4);
  ok(stages.preprocessMs! + stages.inferenceMs! + stages.postprocessMs! <= wholeMs);
});

Deno.test("BaseHandler counts an explanation as inference", async () => {
  class Explained extends BaseHandler {
    override explainHandle(_input: unknown, data: unknown[]) {
      busyWait(3);
      return data.map(() => "because");
    }
  }
  await using handler = await startHandler(Explained, MODEL);
  const { context } = await handler.predict([ROW], "explain");
  const stages = context.takeStages()!;
  ok(stages.inferenceMs! >= 3);
  strictEqual(stages.postprocessMs, 0);
});

Deno.test("Context.takeStages() knows the model's runs alone when the handler overrides handle()", async () => {
  class Own extends BaseHandler {
    override async handle(data: HandlerData[]) {
      busyWait(5);
      const x = { dtype: "float32", shape: [1, 4], data: Float32Array.of(1, 2, 3, 4) } as const;
      const startedAtMs = performance.now();
      await this.model.run({ x });
      ranMs = performance.now() - startedAtMs;
      return data;
    }
  }
  let ranMs = 0;
  await using handler = await startHandler(Own, MODEL);
  new Context(handler.model).takeStages();
  const { context } = await handler.predict([ROW]);
  const stages = context.takeStages()!;
  deepStrictEqual(Object.keys(stages), ["inferenceMs"]);
  ok(stages.inferenceMs! > 0 && stages.inferenceMs! <= ranMs);
  strictEqual(context.takeStages(), undefined);
});

Deno.test("Context.takeStages() answers nothing when neither handler nor model told a time", () => {
  strictEqual(new Context({} as ModelContext).takeStages(), undefined);
});

Deno.test("RunWatch counts runs that overlap once", () => {
  const watch = new RunWatch();
  const startedAtMs = performance.now();
  watch.begin();
  watch.begin();
  busyWait(3);
  watch.end();
  strictEqual(watch.takeMs(), 0);
  watch.end();
  const wholeMs = performance.now() - startedAtMs;
  const ranMs = watch.takeMs();
  ok(ranMs >= 3 && ranMs <= wholeMs);
  strictEqual(watch.takeMs(), 0);
});

function busyWait(ms: number): void {
  const endsAtMs = performance.now() + ms;
  while (performance.now() < endsAtMs);
}
