/**
 * Every setting that a config file may hold: the one source for reading, for the environment's names, for
 * warnings, for `--print-config` and for `docs/configuration.md`.
 *
 * Names, units and defaults are TorchServe's; rows with `isOwn` are not TorchServe's.
 */
import {
  address,
  boolean,
  decimal,
  idle,
  type IdleRow,
  integer,
  list,
  path,
  type SettingRow,
  text,
} from "./_setting_rows.ts";

const MAX_INT32 = 2 ** 31 - 1;
const MAX_BYTES = Number.MAX_SAFE_INTEGER;
/** A day: what timers take without overflow, and longer than any request should. */
const MAX_TIMEOUT_S = 86_400;
const MAX_TIMEOUT_MS = MAX_TIMEOUT_S * 1000;
/** What one model version may have; each worker is a thread with a copy of the model. */
export const MAX_WORKERS = 512;
const MAX_GPUS = 1024;
const MAX_PORT = 65_535;

const NO_GRPC = "no gRPC listener is opened";
const NO_PYTHON = "handlers run without Python";
const NO_JVM = "there is no Java machine";
const NO_SEQUENCES = "requests are not batched by sequence";
const NO_INTEL = "ONNX Runtime chooses the CPU's instructions itself";

const EXPOSURE = {
  inference_address: address(
    { http: 8080, https: 443 },
    "Predictions: `http(s)://host[:port]` or `unix:/path`; port 0 takes any free one",
  ),
  management_address: address({ http: 8081, https: 8444 }, "Registering, scaling, describing"),
  metrics_address: address({ http: 8082, https: 8445 }, "Prometheus metrics"),
  enable_metrics_api: boolean(true, "Whether the metrics address is opened"),
  disable_token_authorization: boolean(
    false,
    "Whether requests are answered without a token of `key_file.json`",
  ),
  token_expiration_min: decimal(
    { default: 60, least: 0.01, most: 5_256_000, env: "TS_TOKEN_EXPIRATION_TIME_MIN" },
    "Minutes that a token is valid",
  ),
  enable_model_api: boolean(false, "Whether models may be registered and unregistered over HTTP"),
  private_key_file: path("PEM file of the key for `https://` addresses"),
  certificate_file: path("PEM file of the certificates, the server's own first"),
  keystore: path("PKCS12 file with key and certificates; wins over the two PEM files"),
  keystore_pass: text("Password of the keystore", { default: "changeit", isSecret: true }),
  keystore_type: text("Kind of the keystore", { default: "PKCS12" }),
  cors_allowed_origin: text("Value of `access-control-allow-origin` in every answer"),
  cors_allowed_methods: text("Value of `access-control-allow-methods`"),
  cors_allowed_headers: text("Value of `access-control-allow-headers`"),
  ts_open_inference_protocol: boolean(
    false,
    "Whether the Open Inference Protocol's health and metadata are served",
    {
      env: "TS_OPEN_INFERENCE_PROTOCOL",
      isEnvAlwaysRead: true,
      fromEnv: (value) => value === "oip" ? "true" : "false",
    },
  ),
  max_request_size: integer(
    { default: 6_553_500, least: 1, most: MAX_INT32 },
    "Largest body that is read, bytes",
  ),
  max_response_size: integer(
    { default: 6_553_500, least: 1, most: MAX_INT32 },
    "Largest answer of a handler, bytes",
  ),
  request_body_timeout: integer(
    { default: 60, least: 1, most: MAX_TIMEOUT_S, isOwn: true },
    "Seconds that a client may take to send a body",
  ),
} as const satisfies Readonly<Record<string, SettingRow>>;

const MODELS = {
  model_store: path("Folder of the archives; needed here or as `--model-store`"),
  load_models: list("Models to load at the start: `all`, or `name=url` and `url` between commas"),
  models: text("JSON: settings of one version of one model, see above", { env: null }),
  default_service_handler: text("Handler of archives that name none"),
  decode_input_request: boolean(
    true,
    "Whether bodies are decoded by their content type before the handler sees them",
  ),
  service_envelope: {
    kind: "choice",
    choices: ["body", "json", "kserve", "kservev2"],
    meaning: "Wrapper of the bodies of all models whose archives name none",
  },
  allowed_urls: list(
    "Regular expressions of the URLs that may be downloaded, each to match a whole URL",
  ),
  use_env_allowed_urls: boolean(false, "Whether `TS_ALLOWED_URLS` counts", { env: null }),
  download_max_size: integer(
    { default: 16 * 1024 ** 3, least: 1, most: MAX_BYTES, isOwn: true },
    "Largest archive that is downloaded, bytes",
  ),
  download_timeout: integer(
    { default: 600, least: 1, most: MAX_TIMEOUT_S, isOwn: true },
    "Seconds that a download may take",
  ),
} as const satisfies Readonly<Record<string, SettingRow>>;

const WORKERS = {
  default_workers_per_model: integer(
    { default: 0, least: 0, most: MAX_WORKERS },
    "Workers of a model that says nothing itself; 0: at the start one a GPU or core, later none",
  ),
  number_of_gpu: {
    kind: "integer",
    least: 0,
    most: MAX_GPUS,
    meaning: "GPUs to use at most; all that are there unless given",
  },
  initial_worker_port: integer(
    { default: 9000, least: 0, most: MAX_PORT },
    "Id of the first worker; no port is opened",
  ),
  isolation: {
    kind: "choice",
    choices: ["thread", "process"],
    default: "thread",
    isOwn: true,
    meaning: "What a worker runs in whose archive does not say it: see docs/isolation.md",
  },
  job_queue_size: integer(
    { default: 100, least: 1, most: MAX_INT32 },
    "Requests that one model version lets wait",
  ),
  max_queue_size_bytes: integer(
    { default: 256 * 1024 ** 2, least: 1, most: MAX_BYTES, isOwn: true },
    "Bytes of the bodies that one model version lets wait",
  ),
  default_response_timeout: integer(
    { default: 120, least: 1, most: MAX_TIMEOUT_S },
    "Seconds that a batch may take",
  ),
  default_startup_timeout: integer(
    { default: 120, least: 1, most: MAX_TIMEOUT_S },
    "Seconds that a worker may take to load its model",
  ),
  unregister_model_timeout: integer(
    { default: 120, least: 1, most: MAX_TIMEOUT_S },
    "Seconds that requests have to finish when their model is unregistered",
  ),
  scale_up_queue_time_ms: integer(
    { default: 500, least: 0, most: MAX_TIMEOUT_MS, isOwn: true },
    "Milliseconds that a request waits before another worker starts, up to `maxWorkers`; 0: never",
  ),
  scale_down_idle_time_ms: integer(
    { default: 60_000, least: 0, most: MAX_TIMEOUT_MS, isOwn: true },
    "Milliseconds that a worker above `minWorkers` may be idle",
  ),
} as const satisfies Readonly<Record<string, SettingRow>>;

const TELEMETRY = {
  metrics_mode: {
    kind: "choice",
    choices: ["log", "prometheus", "legacy"],
    fallback: "log",
    default: "log",
    meaning: "Where metrics go: log files, the metrics address, or some to each",
  },
  metrics_config: path("A `metrics.yaml`; the built-in definitions unless given"),
  model_metrics_auto_detect: boolean(
    false,
    "Whether metrics of handlers are taken in that no `metrics.yaml` defines",
  ),
  disable_system_metrics: boolean(false, "Whether nothing is measured of the machine"),
  metric_time_interval: integer(
    { default: 60, least: 1, most: MAX_TIMEOUT_S, env: null },
    "Seconds between two measurements of the machine",
  ),
  log_format: {
    kind: "choice",
    choices: ["text", "json"],
    isOwn: true,
    meaning: "Form of the console's lines; text on a terminal and JSON elsewhere unless given",
  },
  enable_envvars_config: boolean(false, "Whether `TS_…` variables count; only from the file", {
    env: null,
  }),
} as const satisfies Readonly<Record<string, SettingRow>>;

const MODEL_SNAPSHOT = {
  model_snapshot: text("JSON: the models to restore; snapshots have it", { env: null }),
} as const satisfies Readonly<Record<string, SettingRow>>;

const IDLE = {
  async_logging: idle("Log4j's asynchronous loggers", "log files are written without waiting"),
  blacklist_env_vars: idle(
    "Variables to hide from workers",
    "handlers see no environment variable at all",
  ),
  cpp_log_config: idle("Log of the C++ backend", "there is no C++ backend"),
  cpu_launcher_args: idle("Arguments of Intel's launcher", NO_INTEL),
  cpu_launcher_enable: idle("Intel's launcher", NO_INTEL),
  debug: idle("Waits for a worker that is started by hand", "workers are threads of the server"),
  enable_grpc_ssl: idle("TLS of gRPC", NO_GRPC),
  grpc_inference_address: idle("Host of the gRPC inference port", NO_GRPC),
  grpc_inference_max_connection_age_grace_ms: idle("Age of gRPC connections", NO_GRPC),
  grpc_inference_max_connection_age_ms: idle("Age of gRPC connections", NO_GRPC),
  grpc_inference_port: idle("Port of gRPC inference", NO_GRPC),
  grpc_management_address: idle("Host of the gRPC management port", NO_GRPC),
  grpc_management_max_connection_age_grace_ms: idle("Age of gRPC connections", NO_GRPC),
  grpc_management_max_connection_age_ms: idle("Age of gRPC connections", NO_GRPC),
  grpc_management_port: idle("Port of gRPC management", NO_GRPC),
  initial_distribution_port: idle(
    "First port of distributed workers",
    "a model runs in one process",
  ),
  install_py_dep_per_model: idle("Installs requirements.txt", NO_PYTHON),
  io_ratio: idle("Netty's time for sockets", NO_JVM),
  ipex_enable: idle("Intel's extension for PyTorch", NO_INTEL),
  ipex_gpu_enable: idle("Intel's extension for PyTorch", NO_INTEL),
  limit_max_image_pixels: idle(
    "Pillow's limit of pixels",
    "image decoders have limits of their own",
  ),
  model_server_home: idle("Folder of TorchServe's files", "nothing is read from there", {
    env: "TS_MODEL_SERVER_HOME",
    isEnvAlwaysRead: true,
  }),
  netty_client_threads: idle("Netty's threads", NO_JVM),
  number_of_netty_threads: idle("Netty's threads", NO_JVM),
  plugins_path: idle("Folder of Java plugins", NO_JVM),
  prefer_direct_buffer: idle("Netty's buffers", NO_JVM),
  python: idle("Program that runs handlers", NO_PYTHON),
  system_metrics_cmd: idle(
    "Program that measures the machine",
    "the server measures it itself",
    { env: null },
  ),
  ts_header_key_sequence_end: idle("Header of a sequence's last request", NO_SEQUENCES),
  ts_header_key_sequence_id: idle("Header of a sequence's id", NO_SEQUENCES),
  ts_header_key_sequence_start: idle("Header of a sequence's first request", NO_SEQUENCES),
  use_native_io: idle("Netty's sockets", NO_JVM),
  vmargs: idle("Java's arguments", NO_JVM),
  workflow_store: idle("Folder of workflow archives", "workflows are not served"),
} as const satisfies Readonly<Record<string, IdleRow>>;

/** Every row by its name. */
export const SETTINGS = {
  ...EXPOSURE,
  ...MODELS,
  ...WORKERS,
  ...TELEMETRY,
  ...MODEL_SNAPSHOT,
  ...IDLE,
} as const;

export type SettingName = keyof typeof SETTINGS;

/** The names in the order and under the headings of `docs/configuration.md`. */
export const SETTING_GROUPS: Readonly<Record<string, readonly SettingName[]>> = {
  "Addresses and exposure": namesOf(EXPOSURE),
  "Models": namesOf(MODELS),
  "Workers and queues": namesOf(WORKERS),
  "Metrics, logs and the environment": namesOf(TELEMETRY),
  "Without effect": namesOf(IDLE),
};

export function isSettingName(name: string): name is SettingName {
  return Object.hasOwn(SETTINGS, name);
}

/** The row, without what is special to its name. */
export function rowOf(name: SettingName): SettingRow {
  return SETTINGS[name];
}

/** The environment variable that overrides a setting, if one does. */
export function envOf(name: SettingName): string | undefined {
  const { env } = rowOf(name);
  return env === undefined ? `TS_${name.replace(/^ts_/, "").toUpperCase()}` : env ?? undefined;
}

function namesOf(rows: Readonly<Partial<Record<SettingName, SettingRow>>>): SettingName[] {
  return Object.keys(rows) as SettingName[];
}
