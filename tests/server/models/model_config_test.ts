import { deepStrictEqual, match, ok, strictEqual, throws } from "node:assert/strict";
import { parseModelConfig } from "../../../server/models/model_config.ts";

Deno.test("parseModelConfig() reads upstream's keys into our units and hands the whole file on (§9)", () => {
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
  { line: "useJobTicket: 1" },
  { line: "minWorkers: 0" },
  { line: "responseTimeout: 0" },
])("parseModelConfig() warns of $line and goes on without it (§9)", ({ line }) => {
  const { config, warnings } = parseModelConfig(`maxWorkers: 2\n${line}\n`);
  deepStrictEqual(config, { maxWorkers: 2 });
  strictEqual(warnings.length, 1);
});

Deno.test.each([
  { line: "minWorkers: 2", config: { minWorkers: 2 } },
  { line: "maxWorkers: 3", config: { maxWorkers: 3 } },
  { line: "batchSize: 8", config: { batchSize: 8 } },
  { line: "maxBatchDelay: 50", config: { maxBatchDelayMs: 50 } },
  { line: "maxBatchDelay: 0", config: {} },
  { line: "responseTimeout: 7", config: { responseTimeoutMs: 7_000 } },
  { line: "startupTimeout: 7", config: { startupTimeoutMs: 7_000 } },
  { line: "deviceType: CPU", config: { deviceType: "cpu" } },
  { line: "deviceIds: [1, 0]", config: { deviceIds: [1, 0] } },
  { line: "maxRetryTimeoutInSec: 0", config: { maxRetryTimeoutMs: 0 } },
  { line: "clientTimeoutInMills: 80", config: { clientTimeoutMs: 80 } },
  { line: "clientTimeoutInMills: 0", config: {} },
  { line: "jobQueueSize: 5", config: { queueCapacity: 5 } },
  { line: "jobQueueSize: 0", config: {} },
  { line: "useJobTicket: true", config: { usesJobTickets: true } },
  { line: "scaleUpQueueTime: 250", config: { scaleUpQueueMs: 250 } },
  { line: "scaleDownIdleTime: 900", config: { scaleDownIdleMs: 900 } },
])("parseModelConfig() reads $line (§9)", ({ line, config }) => {
  deepStrictEqual(parseModelConfig(line), {
    config,
    yaml: parseModelConfig(line).yaml,
    warnings: [],
  });
});

Deno.test.each([
  { line: "parallelType: pp" },
  { line: "parallelLevel: 2" },
  { line: "torchrun: {nproc-per-node: 2}" },
  { line: "pippy: {rpc_timeout: 1800}" },
  { line: "continuousBatching: true" },
  { line: "sequenceBatching: true" },
  { line: "asyncCommunication: true" },
  { line: "useVenv: true" },
  { line: "sequenceMaxIdleMSec: 10" },
  { line: "sequenceTimeoutMSec: 10" },
  { line: "maxNumSequence: 4" },
  { line: "maxSequenceJobQueueSize: 4" },
])("parseModelConfig() says once why $line has no effect (§9)", ({ line }) => {
  const { config, warnings } = parseModelConfig(line);
  deepStrictEqual(config, {});
  strictEqual(warnings.length, 1);
  match(warnings[0]!, new RegExp(`^"${line.split(":")[0]}" of the model config has no effect: `));
});

Deno.test("parseModelConfig() says nothing of keys that only repeat upstream's defaults, or belong to the handler (§9)", () => {
  const { warnings } = parseModelConfig(
    'parallelType: ""\ncontinuousBatching: false\nsequenceMaxIdleMSec: 0\nhandler: {a: 1}\npt2: {}\n',
  );
  deepStrictEqual(warnings, []);
});

Deno.test("parseModelConfig() reads warm-up requests, each with its content type", () => {
  const { config, warnings } = parseModelConfig(`warmup:
  - data: hello
  - data: {instances: [[1, 2]]}
    repeat: 3
  - file: images/cat.png
    contentType: image/png
  - file: rows.bin
`);
  deepStrictEqual(warnings, []);
  deepStrictEqual(config.warmup, [
    { contentType: "text/plain", body: { kind: "text", text: "hello" }, repeat: 1 },
    {
      contentType: "application/json",
      body: { kind: "text", text: '{"instances":[[1,2]]}' },
      repeat: 3,
    },
    { contentType: "image/png", body: { kind: "file", file: "images/cat.png" }, repeat: 1 },
    {
      contentType: "application/octet-stream",
      body: { kind: "file", file: "rows.bin" },
      repeat: 1,
    },
  ]);
});

Deno.test.each([
  { yaml: "warmup: yes please", reason: "a list of at most 32 requests" },
  { yaml: `warmup: [${Array(33).fill("{data: a}").join()}]`, reason: "a list of at most 32" },
  { yaml: "warmup: [hello]", reason: 'a mapping with "data" or "file"' },
  { yaml: "warmup: [{repeat: 2}]", reason: 'one of "data" and "file"' },
  { yaml: "warmup: [{data: a, file: b}]", reason: 'one of "data" and "file"' },
  { yaml: "warmup: [{data: a, times: 2}]", reason: 'alone, found "times"' },
  { yaml: "warmup: [{data: a, repeat: 0}]", reason: '"repeat" from 1 to 100' },
  { yaml: "warmup: [{data: a, repeat: 101}]", reason: '"repeat" from 1 to 100' },
  { yaml: 'warmup: [{data: a, contentType: "a\\nb"}]', reason: 'a "contentType" like' },
  { yaml: "warmup: [{file: ../secret}]", reason: 'a "file" inside the archive' },
  { yaml: "warmup: [{file: /etc/passwd}]", reason: 'a "file" inside the archive' },
  { yaml: "warmup: [{file: 'C:\\x'}]", reason: 'a "file" inside the archive' },
  { yaml: "warmup: [{file: 3}]", reason: 'a "file" inside the archive' },
])("parseModelConfig() warns of $yaml and goes on without a warm-up", ({ yaml, reason }) => {
  const { config, warnings } = parseModelConfig(yaml);
  deepStrictEqual(config, {});
  strictEqual(warnings.length, 1);
  ok(warnings[0]!.includes(`expected ${reason}`) || warnings[0]!.includes(reason), warnings[0]);
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
