/** Every key of TorchServe's `config.properties`, one row each, and our own. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { relative } from "node:path";
import {
  type ConfigReading,
  envOf,
  rowOf,
  type ServerConfig,
  type SettingName,
  SETTINGS,
} from "../../../server/config/mod.ts";
import { readConfig } from "./_read_config.ts";

interface UsedRow {
  readonly key: SettingName;
  readonly value: string;
  /** More lines that the value needs. */
  readonly with?: readonly string[];
  /** What of the config it decides. */
  readonly read: (config: ServerConfig) => unknown;
  /** Paths are told from the working folder. */
  readonly expected: unknown;
  /** What it is without the line. */
  readonly unset: unknown;
}

const LOCAL = { transport: "tcp", hostname: "127.0.0.1", isTls: false };

const USED_ROWS: readonly UsedRow[] = [
  {
    key: "inference_address",
    value: "http://localhost:9090",
    read: (config) => config.inferenceAddress,
    expected: { ...LOCAL, hostname: "localhost", port: 9090 },
    unset: { ...LOCAL, port: 8080 },
  },
  {
    key: "management_address",
    value: "https://[::1]",
    read: (config) => config.managementAddress,
    expected: { ...LOCAL, hostname: "::1", port: 8444, isTls: true },
    unset: { ...LOCAL, port: 8081 },
  },
  {
    key: "metrics_address",
    value: "unix:/run/marina.sock",
    read: (config) => config.metricsAddress,
    expected: { transport: "unix", path: "/run/marina.sock" },
    unset: { ...LOCAL, port: 8082 },
  },
  {
    key: "enable_metrics_api",
    value: "false",
    read: (config) => config.isMetricsApiEnabled,
    expected: false,
    unset: true,
  },
  {
    key: "disable_token_authorization",
    value: "true",
    read: (config) => config.tokens?.expirationMs,
    expected: undefined,
    unset: 3_600_000,
  },
  {
    key: "token_expiration_min",
    value: "0.5",
    read: (config) => config.tokens?.expirationMs,
    expected: 30_000,
    unset: 3_600_000,
  },
  {
    key: "enable_model_api",
    value: "true",
    read: (config) => config.isModelApiEnabled,
    expected: true,
    unset: false,
  },
  {
    key: "cors_allowed_origin",
    value: "https://yourdomain.example",
    read: (config) => config.cors.allowedOrigin,
    expected: "https://yourdomain.example",
    unset: undefined,
  },
  {
    key: "cors_allowed_methods",
    value: "GET, POST",
    read: (config) => config.cors.allowedMethods,
    expected: "GET, POST",
    unset: undefined,
  },
  {
    key: "cors_allowed_headers",
    value: "X-Custom-Header",
    read: (config) => config.cors.allowedHeaders,
    expected: "X-Custom-Header",
    unset: undefined,
  },
  {
    key: "max_request_size",
    value: "8",
    read: (config) => config.maxRequestBytes,
    expected: 8,
    unset: 6_553_500,
  },
  {
    key: "max_response_size",
    value: "9",
    read: (config) => config.maxResponseBytes,
    expected: 9,
    unset: 6_553_500,
  },
  {
    key: "request_body_timeout",
    value: "5",
    read: (config) => config.bodyDeadlineMs,
    expected: 5_000,
    unset: 60_000,
  },
  {
    key: "model_store",
    value: ".",
    read: (config) => config.modelStore,
    expected: ".",
    unset: "store",
  },
  {
    key: "load_models",
    value: "ALL",
    read: (config) => config.startupModels,
    expected: "all",
    unset: [],
  },
  {
    key: "models",
    value: '{\\\n  "noop": {\\\n "1.0": { "batchSize": 4 }\\\n  }\\\n}',
    read: (config) => config.modelOverrides.get("noop")?.get("1.0"),
    expected: { batchSize: 4 },
    unset: undefined,
  },
  {
    key: "default_service_handler",
    value: "image_classifier",
    read: (config) => config.defaultHandler,
    expected: "image_classifier",
    unset: undefined,
  },
  {
    key: "decode_input_request",
    value: "false",
    read: (config) => config.decodesRequests,
    expected: false,
    unset: true,
  },
  {
    key: "service_envelope",
    value: "kservev2",
    read: (config) => config.serviceEnvelope,
    expected: "kservev2",
    unset: undefined,
  },
  {
    key: "ts_open_inference_protocol",
    value: "true",
    read: (config) => config.isOpenInferenceEnabled,
    expected: true,
    unset: false,
  },
  {
    key: "allowed_urls",
    value: "https://a.example/.*, https://b.example/x\\\\.mar",
    read: (config) => config.downloads.allowedUrls,
    expected: ["https://a.example/.*", "https://b.example/x\\.mar"],
    unset: [],
  },
  {
    key: "download_max_size",
    value: "1000",
    read: (config) => config.downloads.maxArchiveBytes,
    expected: 1000,
    unset: 16 * 1024 ** 3,
  },
  {
    key: "download_timeout",
    value: "30",
    read: (config) => config.downloads.timeoutMs,
    expected: 30_000,
    unset: 600_000,
  },
  {
    key: "default_workers_per_model",
    value: "2",
    read: (config) => config.defaultWorkersPerModel,
    expected: 2,
    unset: 0,
  },
  {
    key: "isolation",
    value: "process",
    read: (config) => config.isolation,
    expected: "process",
    unset: "thread",
  },
  {
    key: "initial_worker_port",
    value: "9100",
    read: (config) => config.firstWorkerId,
    expected: 9100,
    unset: 9000,
  },
  {
    key: "job_queue_size",
    value: "7",
    read: (config) => config.jobQueueSize,
    expected: 7,
    unset: 100,
  },
  {
    key: "max_queue_size_bytes",
    value: "70",
    read: (config) => config.maxQueueBytes,
    expected: 70,
    unset: 268_435_456,
  },
  {
    key: "default_response_timeout",
    value: "5",
    read: (config) => config.responseTimeoutMs,
    expected: 5_000,
    unset: 120_000,
  },
  {
    key: "default_startup_timeout",
    value: "6",
    read: (config) => config.startupTimeoutMs,
    expected: 6_000,
    unset: 120_000,
  },
  {
    key: "unregister_model_timeout",
    value: "7",
    read: (config) => config.unregisterTimeoutMs,
    expected: 7_000,
    unset: 120_000,
  },
  {
    key: "scale_up_queue_time_ms",
    value: "0",
    read: (config) => config.scaleUpQueueMs,
    expected: 0,
    unset: 500,
  },
  {
    key: "scale_down_idle_time_ms",
    value: "1",
    read: (config) => config.scaleDownIdleMs,
    expected: 1,
    unset: 60_000,
  },
  {
    key: "metrics_mode",
    value: "Prometheus",
    read: (config) => config.metrics.mode,
    expected: "prometheus",
    unset: "log",
  },
  {
    key: "metrics_config",
    value: "my/metrics.yaml",
    read: (config) => config.metrics.definitionsFile,
    expected: "my/metrics.yaml",
    unset: undefined,
  },
  {
    key: "model_metrics_auto_detect",
    value: "true",
    read: (config) => config.metrics.isAutoDetectEnabled,
    expected: true,
    unset: false,
  },
  {
    key: "disable_system_metrics",
    value: "true",
    read: (config) => config.metrics.isSystemEnabled,
    expected: false,
    unset: true,
  },
  {
    key: "metric_time_interval",
    value: "10",
    read: (config) => config.metrics.systemIntervalMs,
    expected: 10_000,
    unset: 60_000,
  },
  {
    key: "log_format",
    value: "json",
    read: (config) => config.logs.form,
    expected: "json",
    unset: undefined,
  },
];

/** Keys that have tests of their own, for what they need besides a line. */
const KEYS_ELSEWHERE: readonly SettingName[] = [
  "number_of_gpu",
  "private_key_file",
  "certificate_file",
  "keystore",
  "keystore_pass",
  "keystore_type",
  "enable_envvars_config",
  "use_env_allowed_urls",
  "model_snapshot",
];

const NAMES = Object.keys(SETTINGS) as SettingName[];

function fromCwd(value: unknown, cwd: string): unknown {
  if (typeof value !== "string" || !value.startsWith(cwd)) return value;
  return relative(cwd, value) || ".";
}

Deno.test.each(USED_ROWS)(
  "readServerConfig() takes $key from the file (§2 $key)",
  async ({ key, value, read, expected, unset, with: more = [] }) => {
    const given = await readConfig([...more, `${key}=${value}`]);
    deepStrictEqual(fromCwd(read(given.config), given.cwd), expected);
    deepStrictEqual(given.warnings, []);
    const without = await readConfig(more);
    deepStrictEqual(fromCwd(read(without.config), without.cwd), unset);
  },
);

for (const name of NAMES.filter((name) => rowOf(name).kind === "idle")) {
  Deno.test(`readServerConfig() accepts ${name} with one line that says it has no effect (§2 ${name})`, async () => {
    const { warnings } = await readConfig([`${name}=any value`]);
    strictEqual(warnings.length, 1);
    match(
      warnings[0]!,
      new RegExp(
        `^Setting "${name}" \\(from config\\.properties, line 2\\) has no effect: [a-z].*[^.]$`,
        "i",
      ),
    );
  });
}

Deno.test("every setting has a row of a test (§2)", () => {
  const idle = NAMES.filter((name) => rowOf(name).kind === "idle");
  const tested = new Set([...USED_ROWS.map(({ key }) => key), ...idle, ...KEYS_ELSEWHERE]);
  deepStrictEqual(NAMES.filter((name) => !tested.has(name)), []);
});

Deno.test.each([
  { value: "1", gpus: 2, expected: 1 },
  { value: "5", gpus: 2, expected: 2 },
  { value: undefined, gpus: 2, expected: 2 },
  { value: "0", gpus: 2, expected: 0 },
  { value: "2", gpus: 0, expected: 2 },
  { value: undefined, gpus: 0, expected: 0 },
])(
  "readServerConfig() uses $expected of $gpus GPUs where number_of_gpu is $value (§2 number_of_gpu)",
  async ({ value, gpus, expected }) => {
    const lines = value === undefined ? [] : [`number_of_gpu=${value}`];
    strictEqual((await readConfig(lines, { gpus })).config.numberOfGpu, expected);
  },
);

const ENV_ROWS = [
  ...USED_ROWS.map(({ key, value }) => ({ key, value })),
  ...NAMES.filter((name) => rowOf(name).kind === "idle").map((key) => ({ key, value: "x" })),
  { key: "number_of_gpu", value: "1" },
  { key: "private_key_file", value: "key.pem" },
  { key: "certificate_file", value: "cert.pem" },
  { key: "keystore", value: "store.p12" },
  { key: "keystore_pass", value: "secret" },
  { key: "keystore_type", value: "PKCS12" },
] as const;

for (const { key, value } of ENV_ROWS) {
  const variable = envOf(key);
  if (variable === undefined || rowOf(key).isEnvAlwaysRead) continue;
  Deno.test(`readServerConfig() takes ${key} from ${variable} where the file says enable_envvars_config=true (§2 ${key}, T32)`, async () => {
    const environment = { [variable]: value };
    const originOf = ({ settings }: ConfigReading) =>
      settings.find(({ name }) => name === key)?.origin.replace(" (has no effect)", "");
    const enabled = ["enable_envvars_config=true", "use_env_allowed_urls=true"];
    strictEqual(
      originOf(await readConfig(enabled, { environment })),
      `environment variable ${variable}`,
    );
    const ignored = await readConfig(["use_env_allowed_urls=true"], { environment });
    ok(originOf(ignored) !== `environment variable ${variable}`);
    deepStrictEqual(ignored.warnings, [
      `Environment variable ${variable} has no effect: the config file must say enable_envvars_config=true`,
    ]);
  });
}

const ENV_BY_KEY: Partial<Record<SettingName, string | undefined>> = {
  inference_address: "TS_INFERENCE_ADDRESS",
  token_expiration_min: "TS_TOKEN_EXPIRATION_TIME_MIN",
  disable_token_authorization: "TS_DISABLE_TOKEN_AUTHORIZATION",
  enable_model_api: "TS_ENABLE_MODEL_API",
  allowed_urls: "TS_ALLOWED_URLS",
  number_of_gpu: "TS_NUMBER_OF_GPU",
  ts_header_key_sequence_id: "TS_HEADER_KEY_SEQUENCE_ID",
  ts_open_inference_protocol: "TS_OPEN_INFERENCE_PROTOCOL",
  debug: "TS_DEBUG",
  model_server_home: "TS_MODEL_SERVER_HOME",
  scale_up_queue_time_ms: "TS_SCALE_UP_QUEUE_TIME_MS",
  models: undefined,
  system_metrics_cmd: undefined,
  metric_time_interval: undefined,
  enable_envvars_config: undefined,
  use_env_allowed_urls: undefined,
};

Deno.test.each(Object.keys(ENV_BY_KEY) as SettingName[])(
  "envOf() knows the variable of %s (§2)",
  (name) => strictEqual(envOf(name), ENV_BY_KEY[name]),
);
