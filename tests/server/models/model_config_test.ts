import { deepStrictEqual, strictEqual, throws } from "node:assert/strict";
import { parseModelConfig } from "../../../server/models/model_config.ts";

Deno.test("parseModelConfig() reads upstream's keys into our units and hands the whole file on", () => {
  const { config, yaml, warnings } = parseModelConfig(
    "minWorkers: 1\nmaxWorkers: 2\nstartupTimeout: 3\ndeviceType: GPU\ndeviceIds: [0, 2]\nhandler: {topk: 3}\n",
  );
  deepStrictEqual(config, {
    minWorkers: 1,
    maxWorkers: 2,
    startupTimeoutMs: 3_000,
    deviceType: "gpu",
    deviceIds: [0, 2],
  });
  deepStrictEqual(yaml.handler, { topk: 3 });
  deepStrictEqual(warnings, []);
});

Deno.test.each([
  { line: "batchSize: 0" },
  { line: "batchSize: 1.5" },
  { line: "batchSize: [1]" },
  { line: "jobQueueSize: -1" },
  { line: "deviceType: neuron" },
  { line: "deviceIds: [a]" },
])("parseModelConfig() warns of $line and goes on without it", ({ line }) => {
  const { config, warnings } = parseModelConfig(`maxWorkers: 2\n${line}\n`);
  deepStrictEqual(config, { maxWorkers: 2 });
  strictEqual(warnings.length, 1);
});

Deno.test("parseModelConfig() takes an empty file for one that says nothing", () => {
  deepStrictEqual(parseModelConfig("").config, {});
  deepStrictEqual(parseModelConfig("# later\n").yaml, {});
});

Deno.test.each([
  { name: "a list", text: "- 1\n" },
  { name: "no YAML", text: "a: [1\n" },
  { name: "repeated keys", text: "a: 1\na: 2\n" },
  {
    name: "an alias bomb",
    text: "a: &a [x,x,x,x,x,x,x,x,x]\n" +
      ["b", "c", "d", "e"].map((key, index) =>
        `${key}: &${key} [${Array(9).fill("*" + "abcd"[index]).join(",")}]`
      ).join("\n"),
  },
])("parseModelConfig() refuses $name", ({ text }) => {
  throws(() => parseModelConfig(text), {
    name: "SyntaxError",
    message: /^Cannot read the model config: /,
  });
});
