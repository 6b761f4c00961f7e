/** Where settings come from, asked of the real command. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { type CommandOutcome, runMarina, startMarina } from "../support/marina_process.ts";
import { createModelStore } from "../support/model_store.ts";
import { TempFolder } from "../support/temp_folder.ts";

const ECHO = {
  handler: "base_handler",
  serializedFile: "tests/testdata/models/identity_float32.onnx",
};

interface Described {
  readonly modelName: string;
  readonly minWorkers: number;
  readonly maxWorkers: number;
  readonly batchSize: number;
  readonly maxBatchDelay: number;
}

async function describe(managementUrl: string, path: string): Promise<Described> {
  const response = await fetch(`${managementUrl}/models/${path}`);
  return (await response.json())[0];
}

/** The lines of `--print-config`, split into name, value and origin. */
async function printConfig(
  cwd: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<CommandOutcome & { readonly rows: ReadonlyMap<string, readonly string[]> }> {
  const outcome = await runMarina(["serve", "--model-store", ".", "--print-config", ...args], {
    cwd,
    env,
  });
  const rows = outcome.stdout.trimEnd().split("\n").map((line) => line.split(/ {2,}/));
  return { ...outcome, rows: new Map(rows.map(([name, ...rest]) => [name!, rest])) };
}

Deno.test("serve --print-config shows each value and where it came from, masks secrets and ends with 0 (T32)", async () => {
  await using temp = await TempFolder.create();
  const lines = [
    "enable_envvars_config=true",
    "job_queue_size=1",
    "default_workers_per_model=1",
    "enable_model_api=false",
    "keystore_pass=hush hush",
    "vmargs=-Xmx4g",
  ];
  await temp.write("config.properties", lines.join("\n"));
  const env = { TS_DEFAULT_WORKERS_PER_MODEL: "3", TS_JOB_QUEUE_SIZE: "4" };
  const { code, rows, stderr, stdout } = await printConfig(temp.path, ["--enable-model-api"], env);
  strictEqual(code, 0);
  deepStrictEqual(rows.get("job_queue_size"), ["4", "environment variable TS_JOB_QUEUE_SIZE"]);
  deepStrictEqual(rows.get("default_workers_per_model"), [
    "3",
    "environment variable TS_DEFAULT_WORKERS_PER_MODEL",
  ]);
  deepStrictEqual(rows.get("enable_model_api"), ["true", "--enable-model-api"]);
  deepStrictEqual(rows.get("default_response_timeout"), ["120", "default"]);
  deepStrictEqual(rows.get("keystore_pass"), ["********", "config.properties, line 5"]);
  deepStrictEqual(rows.get("vmargs"), ["-Xmx4g", "config.properties, line 6 (has no effect)"]);
  ok(!(stdout + stderr).includes("hush"));
  match(stderr, /Setting "vmargs" \(from config\.properties, line 6\) has no effect: /);
  deepStrictEqual(await temp.list(), ["config.properties"]);
});

Deno.test("TS_CONFIG_FILE names the config file, before --ts-config (§2, T32)", async () => {
  await using temp = await TempFolder.create();
  await temp.write("one.cfg", "job_queue_size=1");
  await temp.write("two.cfg", "job_queue_size=2");
  const args = ["--ts-config", "two.cfg"];
  const both = await printConfig(temp.path, args, { TS_CONFIG_FILE: "one.cfg" });
  deepStrictEqual(both.rows.get("job_queue_size"), ["1", "one.cfg, line 1"]);
  const flag = await printConfig(temp.path, args);
  deepStrictEqual(flag.rows.get("job_queue_size"), ["2", "two.cfg, line 1"]);
});

Deno.test("serve ends with 1 where $$VAR$$ is not set, and takes it where it is (§2)", async () => {
  await using temp = await TempFolder.create();
  await temp.write("config.properties", "job_queue_size=$$MARINA_TEST_SIZE$$");
  const unset = await printConfig(temp.path, []);
  deepStrictEqual([unset.code, unset.stdout], [1, ""]);
  match(unset.stderr, /Invalid configuration: Invalid Environment Variable MARINA_TEST_SIZE/);
  const set = await printConfig(temp.path, [], { MARINA_TEST_SIZE: "12" });
  deepStrictEqual(set.rows.get("job_queue_size"), ["12", "config.properties, line 1"]);
});

Deno.test("TS_* variables beat flags only where the file lets them (§2 enable_envvars_config, T32)", async () => {
  await using store = await createModelStore({ one: ECHO, two: ECHO });
  const args = ["--model-store", store.dir, "--models", "one.mar"];
  const env = { TS_LOAD_MODELS: "two.mar" };
  for (const [enable_envvars_config, expected] of [[true, "two"], [false, "one"]] as const) {
    const config = { default_workers_per_model: 1, enable_envvars_config };
    await using server = await startMarina({ args, config, env });
    const { models } = await (await fetch(`${server.managementUrl}/models`)).json();
    deepStrictEqual(models.map((model: Described) => model.modelName), [expected]);
  }
});

Deno.test("startup models get the workers and batches of models={}, others one worker a core, registered ones none (§9, §2 models, T34)", async () => {
  await using store = await createModelStore({ one: ECHO, two: ECHO, three: ECHO });
  const models = '{"one": {"1.0": {"minWorkers": 2, "maxWorkers": 3, "batchSize": 4,' +
    ' "maxBatchDelay": 50, "responseTimeout": 9}}}';
  await using server = await startMarina({
    args: ["--model-store", store.dir, "--models", "one.mar", "two.mar", "--enable-model-api"],
    config: { models, number_of_gpu: 0 },
  });
  const one = await describe(server.managementUrl, "one");
  deepStrictEqual(
    [one.minWorkers, one.maxWorkers, one.batchSize, one.maxBatchDelay],
    [2, 3, 4, 50],
  );
  const two = await describe(server.managementUrl, "two");
  strictEqual(two.minWorkers, navigator.hardwareConcurrency);
  const url = `${server.managementUrl}/models?url=three.mar`;
  strictEqual((await (await fetch(url, { method: "POST" })).body?.cancel()) ?? 0, 0);
  strictEqual((await describe(server.managementUrl, "three")).minWorkers, 0);
});

Deno.test("enable_metrics_api=false opens no metrics address (§2 enable_metrics_api)", async () => {
  await using temp = await TempFolder.create();
  const config = { enable_metrics_api: false };
  await using server = await startMarina({ args: ["--model-store", temp.path], config });
  ok(!server.stdoutLines.some((line) => line.startsWith("Metrics address")));
});
