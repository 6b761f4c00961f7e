import { deepStrictEqual, rejects, strictEqual } from "node:assert/strict";
import { join } from "node:path";
import { parseServeFlags } from "../../../server/config/mod.ts";
import {
  type ConfigReading,
  readServerConfig,
  type ServerConfig,
} from "../../../server/config/mod.ts";

/** Reads a config file of these lines, after a first one that is a comment. */
async function readConfig(
  lines: readonly string[],
  args: readonly string[] = [],
): Promise<ConfigReading> {
  const dir = await Deno.makeTempDir();
  try {
    const path = join(dir, "config.properties");
    await Deno.writeTextFile(path, ["# comment", ...lines, ""].join("\n"));
    const store = args.includes("--model-store") ? [] : ["--model-store", dir];
    return await readServerConfig(parseServeFlags([...store, "--ts-config", path, ...args]));
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

Deno.test("readServerConfig() gives TorchServe's defaults when nothing is said", async () => {
  const dir = await Deno.makeTempDir();
  try {
    const flags = parseServeFlags(["--model-store", dir]);
    const { config, warnings } = await readServerConfig(flags);
    deepStrictEqual(warnings, []);
    deepStrictEqual({ ...config, numberOfGpu: 0 }, {
      inferenceAddress: { transport: "tcp", hostname: "127.0.0.1", port: 8080, isTls: false },
      managementAddress: { transport: "tcp", hostname: "127.0.0.1", port: 8081, isTls: false },
      metricsAddress: { transport: "tcp", hostname: "127.0.0.1", port: 8082, isTls: false },
      modelStore: dir,
      startupModels: [],
      defaultWorkersPerModel: 0,
      numberOfGpu: 0,
      jobQueueSize: 100,
      maxQueueBytes: 268_435_456,
      responseTimeoutMs: 120_000,
      startupTimeoutMs: 120_000,
      unregisterTimeoutMs: 120_000,
      maxRequestBytes: 6_553_500,
      bodyDeadlineMs: 60_000,
      isModelApiEnabled: false,
    });
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

const READ_ROWS: readonly { line: string; expected: Partial<ServerConfig> }[] = [
  {
    line: "inference_address=http://127.0.0.1:0",
    expected: {
      inferenceAddress: { transport: "tcp", hostname: "127.0.0.1", port: 0, isTls: false },
    },
  },
  {
    line: "inference_address=http\\://localhost\\:9090",
    expected: {
      inferenceAddress: { transport: "tcp", hostname: "localhost", port: 9090, isTls: false },
    },
  },
  {
    line: "management_address : http://[::1]:9091/",
    expected: {
      managementAddress: { transport: "tcp", hostname: "::1", port: 9091, isTls: false },
    },
  },
  {
    line: "metrics_address http://127.0.0.1",
    expected: {
      metricsAddress: { transport: "tcp", hostname: "127.0.0.1", port: 8082, isTls: false },
    },
  },
  { line: "load_models=ALL", expected: { startupModels: "all" } },
  {
    line: "load_models=a=a.mar,\\\n   b.mar",
    expected: { startupModels: [{ modelName: "a", url: "a.mar" }, { url: "b.mar" }] },
  },
  { line: "default_workers_per_model=2", expected: { defaultWorkersPerModel: 2 } },
  { line: "number_of_gpu=3", expected: { numberOfGpu: 3 } },
  { line: "job_queue_size=7  ", expected: { jobQueueSize: 7 } },
  { line: "default_response_timeout=5", expected: { responseTimeoutMs: 5_000 } },
  { line: "default_startup_timeout=6", expected: { startupTimeoutMs: 6_000 } },
  { line: "unregister_model_timeout=7", expected: { unregisterTimeoutMs: 7_000 } },
  { line: "max_request_size=8", expected: { maxRequestBytes: 8 } },
  { line: "enable_model_api=TRUE", expected: { isModelApiEnabled: true } },
  { line: "enable_model_api=yes", expected: { isModelApiEnabled: false } },
  { line: "disable_token_authorization=true", expected: {} },
  { line: "job_queue_size=7\njob_queue_size=8", expected: { jobQueueSize: 8 } },
];

Deno.test.each(READ_ROWS)("readServerConfig() reads $line", async ({ line, expected }) => {
  const { config, warnings } = await readConfig([line]);
  deepStrictEqual(warnings, []);
  const actual = Object.fromEntries(
    Object.keys(expected).map((name) => [name, config[name as keyof ServerConfig]]),
  );
  deepStrictEqual(actual, expected);
});

Deno.test.each([
  {
    line: "job_queue_size=0",
    found: 'setting "job_queue_size" must be an integer from 1 to 2147483647, received "0"',
  },
  {
    line: "job_queue_size=ten",
    found: 'setting "job_queue_size" must be an integer from 1 to 2147483647, received "ten"',
  },
  {
    line: "max_request_size=",
    found: 'setting "max_request_size" must be an integer from 1 to 2147483647, received ""',
  },
  {
    line: "default_response_timeout=86401",
    found:
      'setting "default_response_timeout" must be an integer from 1 to 86400, received "86401"',
  },
  {
    line: "number_of_gpu=-1",
    found: 'setting "number_of_gpu" must be an integer from 0 to 1024, received "-1"',
  },
  {
    line: "inference_address=127.0.0.1:8080",
    found: 'setting "inference_address" must be http://host:port, received "127.0.0.1:8080"',
  },
  {
    line: "metrics_address=http://127.0.0.1:65536",
    found: 'setting "metrics_address" must be http://host:port, received "http://127.0.0.1:65536"',
  },
])("readServerConfig() refuses $line with file and line", async ({ line, found }) => {
  await rejects(readConfig(["", line]), {
    name: "ConfigError",
    message: `Cannot start: ${found} (from config.properties, line 3)`,
  });
});

Deno.test.each(["inference_address", "management_address", "metrics_address"])(
  "readServerConfig() refuses to open %s to other machines without --insecure",
  async (name) => {
    const line = `${name}=http://0.0.0.0:8080`;
    await rejects(readConfig([line]), {
      name: "ConfigError",
      message: `Cannot start: setting "${name}" must be a loopback address, as requests are not ` +
        'authorized yet, received "http://0.0.0.0:8080" (from config.properties, line 2); ' +
        "use http://127.0.0.1 behind a proxy, or add --insecure",
    });
    const { config } = await readConfig([line], ["--insecure"]);
    const addresses = [config.inferenceAddress, config.managementAddress, config.metricsAddress];
    strictEqual(
      addresses.filter((address) => "hostname" in address && address.hostname === "0.0.0.0").length,
      1,
    );
  },
);

Deno.test("readServerConfig() warns of what it does not read, and names what may have been meant", async () => {
  const { warnings } = await readConfig([
    "vmargs=-Xmx4g",
    "job_que_size=3",
    "nothing_like_any_other=3",
    "cors_allowed_origin=*",
  ]);
  deepStrictEqual(warnings, [
    'Setting "vmargs" (from config.properties, line 2) is not read yet',
    'Setting "job_que_size" (from config.properties, line 3) is unknown, did you mean "job_queue_size"?',
    'Setting "nothing_like_any_other" (from config.properties, line 4) is unknown',
    'Setting "cors_allowed_origin" (from config.properties, line 5) is not read yet',
  ]);
});

Deno.test("readServerConfig() lets the command line beat the file", async () => {
  const dir = await Deno.makeTempDir();
  try {
    const { config } = await readConfig(
      ["model_store=/nowhere", "load_models=all", "enable_model_api=false"],
      ["--model-store", dir, "--models", "x.mar", "--enable-model-api"],
    );
    strictEqual(config.modelStore, dir);
    deepStrictEqual(config.startupModels, [{ url: "x.mar" }]);
    strictEqual(config.isModelApiEnabled, true);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test.each([
  { args: [], message: "Missing mandatory parameter --model-store" },
  {
    args: ["--model-store", "/nowhere/at/all"],
    message: "--model-store directory not found: /nowhere/at/all",
  },
  {
    args: ["--model-store", "/", "--ts-config", "/nowhere.properties"],
    message: "--ts-config file not found: /nowhere.properties",
  },
])("readServerConfig() refuses $args: $message", async ({ args, message }) => {
  await rejects(readServerConfig(parseServeFlags(args)), { name: "ConfigError", message });
});
