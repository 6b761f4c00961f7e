import { deepStrictEqual } from "node:assert/strict";
import { GpuAssigner } from "../../../server/models/mod.ts";

Deno.test("GpuAssigner goes round over all models, and moves before it gives (T23, §8.4)", () => {
  const gpus = new GpuAssigner(3);
  const [first, second] = [gpus.assignTo({}), gpus.assignTo({})];
  deepStrictEqual([first(), second(), first(), second()], [1, 2, 0, 1]);
});

Deno.test("GpuAssigner goes through a model's own deviceIds from the start, and ignores a list with one that is not there (§8.4)", () => {
  const gpus = new GpuAssigner(3);
  const own = gpus.assignTo({ deviceIds: [2, 0] });
  deepStrictEqual([own(), own(), own()], [2, 0, 2]);
  deepStrictEqual(gpus.assignTo({ deviceIds: [3] })(), 1);
});

Deno.test("GpuAssigner gives no device to a model with deviceType cpu", () => {
  deepStrictEqual(new GpuAssigner(2).assignTo({ deviceType: "cpu" })(), null);
});
