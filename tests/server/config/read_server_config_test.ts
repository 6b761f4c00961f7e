import { deepStrictEqual, match, ok, rejects, strictEqual } from "node:assert/strict";
import { join } from "node:path";
import { parseServeFlags, readServerConfig } from "../../../server/config/mod.ts";
import { TempFolder } from "../../support/temp_folder.ts";
import { readConfig } from "./_read_config.ts";

Deno.test("readServerConfig() gives TorchServe's defaults when nothing is said (§2)", async () => {
  const { config, warnings, cwd } = await readConfig([]);
  const at = (path: string) => join(cwd, path);
  deepStrictEqual(warnings, []);
  deepStrictEqual(JSON.parse(JSON.stringify(config)), {
    configFile: at("config.properties"),
    inferenceAddress: { transport: "tcp", hostname: "127.0.0.1", port: 8080, isTls: false },
    managementAddress: { transport: "tcp", hostname: "127.0.0.1", port: 8081, isTls: false },
    metricsAddress: { transport: "tcp", hostname: "127.0.0.1", port: 8082, isTls: false },
    isMetricsApiEnabled: true,
    cors: {},
    tokens: { expirationMs: 3_600_000, keyFile: at("key_file.json") },
    modelStore: at("store"),
    startupModels: [],
    snapshotDir: at("logs/config"),
    properties: {},
    modelOverrides: {},
    defaultWorkersPerModel: 0,
    numberOfGpu: 0,
    isolation: "thread",
    firstWorkerId: 9000,
    jobQueueSize: 100,
    maxQueueBytes: 268_435_456,
    responseTimeoutMs: 120_000,
    startupTimeoutMs: 120_000,
    unregisterTimeoutMs: 120_000,
    scaleUpQueueMs: 500,
    scaleDownIdleMs: 60_000,
    maxRequestBytes: 6_553_500,
    maxResponseBytes: 6_553_500,
    bodyDeadlineMs: 60_000,
    decodesRequests: true,
    isOpenInferenceEnabled: false,
    downloads: { allowedUrls: [], maxArchiveBytes: 16 * 1024 ** 3, timeoutMs: 600_000 },
    isModelApiEnabled: false,
    metrics: {
      mode: "log",
      isAutoDetectEnabled: false,
      isSystemEnabled: true,
      systemIntervalMs: 60_000,
    },
    logs: { dir: at("logs"), metricsDir: at("logs") },
    cacheDir: at(`marina-cache-${Deno.uid()}`),
    gpu: { providers: ["cuda", "webgpu"], cudaDirs: [], loaderPath: [], vulkanManifests: [] },
    tempDir: cwd,
    isWatching: false,
  });
});

Deno.test.each([
  { line: "management_address : http://[::1]:9091/", port: 9091 },
  { line: "management_address=http\\://localhost\\:9090", port: 9090 },
  { line: "management_address http://127.0.0.1:9092", port: 9092 },
  { line: "! another comment\nmanagement_address=\\\n    http://127.0.0.1:9093  ", port: 9093 },
  { line: "management_address=http://a:1\nmanagement_address=http://127.0.0.1:9094", port: 9094 },
  { line: "management\\u005faddress=http://127.0.0.1:9095", port: 9095 },
])("readServerConfig() reads Java's properties: $line (§2, T31)", async ({ line, port }) => {
  const { config, warnings } = await readConfig([line]);
  deepStrictEqual(warnings, []);
  strictEqual("port" in config.managementAddress && config.managementAddress.port, port);
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
    line: "token_expiration_min=1e3",
    found: 'setting "token_expiration_min" must be a number from 0.01 to 5256000, received "1e3"',
  },
  {
    line: "inference_address=127.0.0.1:8080",
    found:
      'setting "inference_address" must be http://host:port, https://host:port or unix:/path, received "127.0.0.1:8080"',
  },
  {
    line: "metrics_address=http://127.0.0.1:65536",
    found:
      'setting "metrics_address" must be http://host:port, https://host:port or unix:/path, received "http://127.0.0.1:65536"',
  },
  {
    line: "log_format=xml",
    found: 'setting "log_format" must be "text" or "json", received "xml"',
  },
  {
    line: "allowed_urls=https://a/.*,(",
    found:
      'setting "allowed_urls" must be RE2 regular expressions between commas, "(" is none, received "https://a/.*,("',
  },
  {
    line: "models=[]",
    found: 'setting "models" must be a JSON object itself, received "[]"',
  },
])("readServerConfig() refuses $line with file and line (§2)", async ({ line, found }) => {
  await rejects(readConfig(["", line]), {
    name: "ConfigError",
    message: `Cannot start: ${found} (from config.properties, line 3)`,
  });
});

Deno.test.each(["inference_address", "management_address", "metrics_address"] as const)(
  "readServerConfig() opens %s to other machines only with tokens or --insecure",
  async (name) => {
    const line = `${name}=http://0.0.0.0:8080`;
    const open = ["disable_token_authorization=true", line];
    await rejects(readConfig(open), {
      name: "ConfigError",
      message:
        `Cannot start: setting "${name}" must be a loopback address where token authorization is ` +
        'disabled, received "http://0.0.0.0:8080" (from config.properties, line 3); ' +
        "use http://127.0.0.1 behind a proxy, leave token authorization on, or add --insecure",
    });
    for (const [lines, args] of [[[line], []], [open, ["--insecure"]]] as const) {
      const { config } = await readConfig(lines, { args });
      const addresses = [config.inferenceAddress, config.managementAddress, config.metricsAddress];
      const hostnames = addresses.map((address) => "hostname" in address && address.hostname);
      strictEqual(hostnames.filter((hostname) => hostname === "0.0.0.0").length, 1);
    }
  },
);

Deno.test("readServerConfig() names the setting that may have been meant", async () => {
  const { warnings } = await readConfig([
    "job_que_size=3",
    "nothing_like_any_other=3",
    "Enable_Model_Api=true",
  ]);
  deepStrictEqual(warnings, [
    'Setting "job_que_size" (from config.properties, line 2) is unknown, did you mean "job_queue_size"?',
    'Setting "nothing_like_any_other" (from config.properties, line 3) is unknown',
    'Setting "Enable_Model_Api" (from config.properties, line 4) is unknown, did you mean "enable_model_api"?',
  ]);
});

Deno.test.each([
  {
    line: "enable_model_api=yes",
    warning: 'must be "true" or "false", "yes" counts as "false"',
  },
  {
    line: "enable_metrics_api=1",
    warning: 'must be "true" or "false", "1" counts as "false"',
  },
  {
    line: "metrics_mode=statsd",
    warning: 'must be "log" or "prometheus" or "legacy", "statsd" counts as "log"',
  },
  {
    line: "certificate_file=cert.pem",
    warning: "has no effect: no address is https://",
  },
])(
  "readServerConfig() warns of $line, which has another effect than it seems (§2)",
  async (row) => {
    const name = row.line.split("=")[0];
    const { warnings, config } = await readConfig([row.line]);
    deepStrictEqual(warnings, [
      `Setting "${name}" (from config.properties, line 2) ${row.warning}`,
    ]);
    strictEqual(config.isModelApiEnabled, false);
  },
);

Deno.test("the command line beats the file, the environment beats the command line, if the file lets it (§2, T32)", async () => {
  const lines = [
    "load_models=file.mar",
    "enable_model_api=true",
    "disable_token_authorization=true",
  ];
  const args = ["--models", "flag.mar"];
  const environment = { TS_LOAD_MODELS: "env.mar", TS_DISABLE_TOKEN_AUTHORIZATION: "false" };
  const modelsOf = async (...options: Parameters<typeof readConfig>) =>
    (await readConfig(...options)).config.startupModels;
  deepStrictEqual(await modelsOf(lines), [{ url: "file.mar" }]);
  deepStrictEqual(await modelsOf(lines, { args }), [{ url: "flag.mar" }]);
  deepStrictEqual(await modelsOf(lines, { args, environment }), [{ url: "flag.mar" }]);
  const allowing = [...lines, "enable_envvars_config=true"];
  deepStrictEqual(await modelsOf(allowing, { args, environment }), [{ url: "env.mar" }]);
  const guarded = await readConfig(allowing, { args: ["--dt"], environment });
  ok(guarded.config.tokens !== undefined);
  const notLetting = { ...environment, TS_ENABLE_ENVVARS_CONFIG: "true" };
  deepStrictEqual(await modelsOf(lines, { environment: notLetting }), [{ url: "file.mar" }]);
});

Deno.test("TS_ALLOWED_URLS needs use_env_allowed_urls in the file besides (§2 use_env_allowed_urls, T32)", async () => {
  const environment = { TS_ALLOWED_URLS: "https://a\\.example/.*" };
  const without = await readConfig(["enable_envvars_config=true"], { environment });
  deepStrictEqual(without.config.downloads.allowedUrls, []);
  deepStrictEqual(without.warnings, [
    "Environment variable TS_ALLOWED_URLS has no effect: the config file must say use_env_allowed_urls=true",
  ]);
  const lines = ["enable_envvars_config=true", "use_env_allowed_urls=true"];
  const { config } = await readConfig(lines, { environment });
  deepStrictEqual(config.downloads.allowedUrls, ["https://a\\.example/.*"]);
});

Deno.test("readServerConfig() names the variable that may have been meant (§2 enable_envvars_config)", async () => {
  const environment = { TS_JOB_QUE_SIZE: "3", TS_PORT: "tcp://10.0.0.1", TS_CONFIG_FILE: "" };
  const { warnings } = await readConfig(["enable_envvars_config=true"], { environment });
  deepStrictEqual(warnings, [
    'Environment variable TS_JOB_QUE_SIZE is unknown, did you mean "TS_JOB_QUEUE_SIZE"?',
  ]);
});

Deno.test("config.properties names the variable of a secret instead of holding it (§7)", async () => {
  const environment = { TS_KEYSTORE_PASS: "hush" };
  const { config } = await readConfig(["enable_envvars_config=true"], { environment });
  strictEqual(config.properties.get("keystore_pass"), "$$TS_KEYSTORE_PASS$$");
});

Deno.test("allowed_urls is empty unless given, unlike TorchServe's (§2 allowed_urls)", async () => {
  deepStrictEqual((await readConfig([])).config.downloads.allowedUrls, []);
});

Deno.test.each([
  { value: "oip", origin: "environment variable TS_OPEN_INFERENCE_PROTOCOL" },
  { value: "kserve", origin: "environment variable TS_OPEN_INFERENCE_PROTOCOL" },
  { value: "", origin: "default" },
])(
  "TS_OPEN_INFERENCE_PROTOCOL=$value counts without enable_envvars_config (§2, T32)",
  async (row) => {
    const environment = { TS_OPEN_INFERENCE_PROTOCOL: row.value };
    const { settings, config } = await readConfig([], { environment });
    const found = settings.find(({ name }) => name === "ts_open_inference_protocol");
    strictEqual(found?.origin, row.origin);
    strictEqual(found?.text, String(row.value === "oip"));
    strictEqual(config.isOpenInferenceEnabled, row.value === "oip");
  },
);

Deno.test("LOG_LOCATION, METRICS_LOCATION and TEMP count without enable_envvars_config (§2, T32)", async () => {
  await using temp = await TempFolder.create();
  const environment = { LOG_LOCATION: "a", METRICS_LOCATION: "/b", TEMP: temp.path };
  const { config, cwd } = await readConfig([], { environment });
  deepStrictEqual(config.logs, { dir: join(cwd, "a"), metricsDir: "/b", form: undefined });
  strictEqual(config.snapshotDir, join(cwd, "a/config"));
  strictEqual(config.tempDir, temp.path);
  await rejects(readConfig([], { environment: { TEMP: "/nowhere/at/all" } }), {
    name: "ConfigError",
    message: /found no "\/nowhere\/at\/all"; make it/,
  });
});

Deno.test.each([
  { visible: "0,1", gpus: 4, expected: 2 },
  { visible: " 3 ", gpus: 4, expected: 1 },
  { visible: "", gpus: 4, expected: 0 },
  { visible: "1,-1,2", gpus: 4, expected: 1 },
  { visible: "0,1,2", gpus: 1, expected: 1 },
  { visible: "GPU-8932f937-d72c-4106, MIG-4b5d", gpus: 4, expected: 2 },
])(
  "readServerConfig() sees $expected of $gpus GPUs with CUDA_VISIBLE_DEVICES=$visible (§2)",
  async ({ visible, gpus, expected }) => {
    const { config } = await readConfig([], {
      gpus,
      environment: { CUDA_VISIBLE_DEVICES: visible },
    });
    strictEqual(config.numberOfGpu, expected);
  },
);

Deno.test.each([
  { variable: "CUDA_VISIBLE_DEVICES", value: "0,gpu1", required: "integers or UUIDs" },
  { variable: "HIP_VISIBLE_DEVICES", value: "GPU-1", required: "integers" },
  { variable: "XPU_VISIBLE_DEVICES", value: "GPU-1", required: "integers" },
])(
  "readServerConfig() refuses $variable that is no list of devices (§2)",
  async ({ variable, value, required }) => {
    await rejects(readConfig([], { environment: { [variable]: value } }), {
      name: "ConfigError",
      message:
        `Cannot start: environment variable ${variable} must be ${required} between commas, received "${value}"`,
    });
  },
);

Deno.test("$$VAR$$ anywhere in a value is the environment's, and stops the start when it is not set (§2)", async () => {
  const lines = ["cors_allowed_origin=https://$$HOST$$:$$PORT$$/", "job_queue_size=$$SIZE$$"];
  const environment = { HOST: "a.example", PORT: "1", SIZE: "12" };
  const { config } = await readConfig(lines, { environment });
  strictEqual(config.cors.allowedOrigin, "https://a.example:1/");
  strictEqual(config.jobQueueSize, 12);
  await rejects(readConfig(lines, { environment: { HOST: "a.example" } }), {
    name: "ConfigError",
    message: "Invalid configuration: Invalid Environment Variable PORT: setting " +
      '"cors_allowed_origin" (from config.properties, line 2) needs it, set it',
  });
});

Deno.test("the config file is TS_CONFIG_FILE's, then --ts-config's, then ./config.properties (§2)", async () => {
  await using temp = await TempFolder.create();
  await temp.write("env.cfg", "job_queue_size=1");
  await temp.write("flag.cfg", "job_queue_size=2");
  await temp.write("config.properties", "job_queue_size=3");
  const read = async (args: string[], environment: Record<string, string>) => {
    const flags = parseServeFlags(["--model-store", ".", ...args]);
    const options = { environment: { TMPDIR: temp.path, ...environment }, cwd: temp.path };
    return (await readServerConfig(flags, options)).config;
  };
  const flag = ["--ts-config", "flag.cfg"];
  const both = await read(flag, { TS_CONFIG_FILE: "env.cfg" });
  deepStrictEqual([both.jobQueueSize, both.configFile], [1, temp.at("env.cfg")]);
  strictEqual((await read(flag, {})).jobQueueSize, 2);
  strictEqual((await read([], {})).jobQueueSize, 3);
  await Deno.remove(temp.at("config.properties"));
  const none = await read([], {});
  deepStrictEqual([none.jobQueueSize, none.configFile], [100, undefined]);
  await rejects(read([], { TS_CONFIG_FILE: "gone.cfg" }), {
    name: "ConfigError",
    message: `TS_CONFIG_FILE file not found: ${temp.at("gone.cfg")}`,
  });
});

const SNAPSHOT = [
  "job_queue_size=5",
  "load_models=all",
  "tsConfigFile=",
  "version=0.1.0",
  'model_snapshot={"name"\\:"x","modelCount"\\:1,"created"\\:1,"models"\\:{"noop"\\:{"1.0"\\:' +
  '{"defaultVersion"\\:true,"marName"\\:"noop.mar","minWorkers"\\:1,"maxWorkers"\\:2,"batchSize"\\:3,' +
  '"maxBatchDelay"\\:77,"responseTimeout"\\:99,"startupTimeout"\\:120,"runtimeType"\\:"python"}}}}',
].join("\n");

Deno.test("without --ts-config and --ncs the newest snapshot is the config file, and is said so (§2, T33)", async () => {
  await using temp = await TempFolder.create();
  await temp.write("logs/config/20261121024541133-startup.cfg", SNAPSHOT);
  await temp.write("config.properties", "job_queue_size=3");
  const read = async (...args: string[]) => {
    const flags = parseServeFlags(["--model-store", ".", ...args]);
    const environment = { TMPDIR: temp.path };
    return await readServerConfig(flags, { environment, cwd: temp.path });
  };
  const path = temp.at("logs/config/20261121024541133-startup.cfg");
  const { config, warnings, settings } = await read();
  deepStrictEqual([config.jobQueueSize, config.configFile], [5, path]);
  strictEqual(config.restorePoint?.models[0]?.modelName, "noop");
  match(warnings[0]!, /^The models and settings of the last run are restored .* add --ncs /);
  strictEqual(
    settings.find(({ name }) => name === "job_queue_size")?.origin,
    "snapshot 20261121024541133-startup.cfg, line 1",
  );
  ok(!config.properties.has("model_snapshot"));

  const fresh = await read("--ncs");
  deepStrictEqual([fresh.config.jobQueueSize, fresh.config.restorePoint], [3, undefined]);
  strictEqual(fresh.config.snapshotDir, undefined);
  const named = await read("--ncs", "--ts-config", path);
  strictEqual(named.config.restorePoint?.models.length, 1);
  const withFlag = await read("--models", "x.mar");
  ok(withFlag.warnings.some((line) => /"load_models" \(from --models\) has no effect/.test(line)));
});

Deno.test("config.properties holds what was said, and gives the same config when it is read again (T31)", async () => {
  const { stringify } = await import("dot-properties");
  const lines = [
    "cors_allowed_origin=a \\u00e4\\u2713 = : # ! \\\\ \\t x",
    'models={\\\n "a:b=c": {"1.0": {"minWorkers": 1, "maxWorkers": 2, "runtimeType": "a\\\\nb"}}}',
    "metrics_config=metrics.yaml",
    "keystore_pass=$$SECRET$$",
    "vmargs=-Xmx4g",
    "unknown_key=1",
  ];
  const environment = { SECRET: "hush" };
  const args = ["--models", "a=a.mar", "b.mar", "--dt"];
  const first = await readConfig(lines, { environment, args });
  const { properties, ...config } = first.config;
  deepStrictEqual([...properties.keys()].sort(), [
    "cors_allowed_origin",
    "disable_token_authorization",
    "keystore_pass",
    "load_models",
    "metrics_config",
    "model_store",
    "models",
    "vmargs",
  ]);
  strictEqual(properties.get("keystore_pass"), "$$SECRET$$");
  strictEqual(properties.get("metrics_config"), join(first.cwd, "metrics.yaml"));

  await Deno.mkdir(join(first.cwd, "store"), { recursive: true });
  try {
    const path = join(first.cwd, "written.properties");
    await Deno.writeTextFile(path, stringify([...properties].map((pair) => [...pair])));
    const second = await readServerConfig(parseServeFlags(["--ts-config", path]), {
      environment: { ...environment, TMPDIR: first.cwd },
      cwd: first.cwd,
    });
    deepStrictEqual({ ...second.config, numberOfGpu: 0 }, {
      ...config,
      properties,
      configFile: path,
      numberOfGpu: 0,
    });
  } finally {
    await Deno.remove(first.cwd, { recursive: true });
  }
});

Deno.test("no value of a secret is in the listed settings, and no password of an URL (§2 keystore_pass)", async () => {
  const { settings } = await readConfig([
    "keystore_pass=hush",
    "load_models=https://me:hush@a.example/x.mar",
  ]);
  ok(!JSON.stringify(settings).includes("hush"));
  const listed = Object.fromEntries(
    settings.map(({ name, text, origin }) => [name, [text, origin]]),
  );
  deepStrictEqual(listed.keystore_pass, ["********", "config.properties, line 2"]);
  deepStrictEqual(listed.load_models?.[0], "https://********@a.example/x.mar");
  deepStrictEqual(listed.job_queue_size, ["100", "default"]);
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
])("readServerConfig() refuses $args: $message (§3)", async ({ args, message }) => {
  await using temp = await TempFolder.create();
  const options = { environment: { TMPDIR: temp.path }, cwd: temp.path };
  await rejects(readServerConfig(parseServeFlags(args), options), { name: "ConfigError", message });
});
