/**
 * What the operator decided: environment over command line over config file over defaults.
 *
 * Upstream's names and units outside, ours inside; nothing else of the server knows both.
 */
import { join, resolve } from "node:path";
import { RE2JS } from "re2js";
import { findConfigFile } from "./_config_file.ts";
import {
  type Environment,
  readEnvironment,
  resolveCacheDir,
  resolveS3Credentials,
  resolveTempDir,
} from "./_environment.ts";
import { parseModelOverrides } from "./_model_overrides.ts";
import { readTlsConfig } from "./_tls_files.ts";
import { parseRestorePoint } from "./_restore_point.ts";
import { SettingReader } from "./_setting_reader.ts";
import { collectSettings } from "./_setting_sources.ts";
import { parseStartupModels } from "./_startup_models.ts";
import { countVisibleGpus } from "./_visible_gpus.ts";
import { createProperties, listSettings } from "./_effective_settings.ts";
import { readGpuConfig } from "./_gpu_environment.ts";
import { isLoopback, type ListenAddress } from "./listen_address.ts";
import type { ServeFlags } from "./serve_flags.ts";
import {
  ConfigError,
  type ConfigReading,
  type CorsConfig,
  type DownloadConfig,
  type LogConfig,
  type MetricsConfig,
  type ModelOverrides,
  type RestorePoint,
  type ServerConfig,
  type TlsConfig,
} from "./server_config.ts";
import type { SettingName } from "./settings_table.ts";

const MS_PER_S = 1000;
const MS_PER_MIN = 60_000;
const ADDRESS_NAMES = ["inference_address", "management_address", "metrics_address"] as const;
const TLS_NAMES = ["keystore", "certificate_file", "private_key_file"] as const;

/** What is read besides the flags; the process's own unless given. */
export interface ReadServerConfigOptions {
  readonly environment?: Environment;
  /** Absolute; relative paths start here. */
  readonly cwd?: string;
  /** Where the system has its device files. */
  readonly deviceDir?: string;
  /** Stands for the model store where nobody names one; absent: that is an error. */
  readonly defaultStore?: string;
}

/**
 * Finds and reads the config file, and merges all sources.
 *
 * @throws {ConfigError} If a file or folder is missing, or a value cannot be used; the message names the
 * setting, the file and the line.
 */
export async function readServerConfig(
  flags: ServeFlags,
  options: ReadServerConfigOptions = {},
): Promise<ConfigReading> {
  const { environment = readEnvironment(), cwd = Deno.cwd(), deviceDir = "/dev" } = options;
  const logDir = resolve(cwd, environment.LOG_LOCATION || "logs");
  const snapshotDir = flags.noSnapshots ? undefined : join(logDir, "config");
  const file = await findConfigFile({ environment, cwd, snapshotDir, tsConfig: flags.tsConfig });
  const { settings, warnings } = collectSettings({ file, flags: flags.settings, environment });
  const reader = new SettingReader(settings, cwd);

  const modelStore = await readModelStore(reader, options.defaultStore);
  const tokens = reader.get("disable_token_authorization") ? undefined : {
    expirationMs: reader.get("token_expiration_min") * MS_PER_MIN,
    keyFile: join(cwd, "key_file.json"),
  };
  const isExposedUnguarded = tokens === undefined && !flags.insecure;
  const [inferenceAddress, managementAddress, metricsAddress] = ADDRESS_NAMES.map((name) =>
    readAddress(reader, name, isExposedUnguarded)
  ) as [ListenAddress, ListenAddress, ListenAddress];
  const restorePoint = readRestorePoint(reader, file.path);
  const config: ServerConfig = {
    configFile: file.path,
    inferenceAddress,
    managementAddress,
    metricsAddress,
    isMetricsApiEnabled: reader.get("enable_metrics_api"),
    tls: await readTls(reader, [inferenceAddress, managementAddress, metricsAddress]),
    cors: readCors(reader),
    tokens,
    modelStore,
    startupModels: parseStartupModels(reader.get("load_models") ?? [], modelStore),
    restorePoint,
    snapshotDir,
    properties: createProperties(settings, reader),
    modelOverrides: readModelOverrides(reader),
    defaultWorkersPerModel: reader.get("default_workers_per_model"),
    defaultHandler: reader.get("default_service_handler"),
    numberOfGpu: toNumberOfGpu(
      reader.get("number_of_gpu"),
      await countVisibleGpus(environment, deviceDir),
    ),
    gpu: readGpuConfig(environment, cwd),
    isolation: reader.get("isolation"),
    workerChannel: environment.MARINA_WORKER_CHANNEL === "tcp" ? "tcp" : undefined,
    firstWorkerId: reader.get("initial_worker_port"),
    jobQueueSize: reader.get("job_queue_size"),
    maxQueueBytes: reader.get("max_queue_size_bytes"),
    responseTimeoutMs: reader.get("default_response_timeout") * MS_PER_S,
    startupTimeoutMs: reader.get("default_startup_timeout") * MS_PER_S,
    unregisterTimeoutMs: reader.get("unregister_model_timeout") * MS_PER_S,
    scaleUpQueueMs: reader.get("scale_up_queue_time_ms"),
    scaleDownIdleMs: reader.get("scale_down_idle_time_ms"),
    maxRequestBytes: reader.get("max_request_size"),
    maxResponseBytes: reader.get("max_response_size"),
    bodyDeadlineMs: reader.get("request_body_timeout") * MS_PER_S,
    decodesRequests: reader.get("decode_input_request"),
    serviceEnvelope: reader.get("service_envelope"),
    isOpenInferenceEnabled: reader.get("ts_open_inference_protocol"),
    downloads: readDownloads(reader, environment),
    isModelApiEnabled: reader.get("enable_model_api"),
    metrics: readMetrics(reader),
    logs: readLogs(reader, logDir, resolve(cwd, environment.METRICS_LOCATION || "logs")),
    cacheDir: resolve(cwd, resolveCacheDir(environment, Deno.build.os)),
    tempDir: await readUnpackDir(environment, cwd),
    isWatching: flags.watch,
  };
  const loadedFrom = reader.originOf("load_models").from;
  reader.get("enable_envvars_config");
  reader.get("use_env_allowed_urls");
  if (restorePoint !== undefined && !["default", "file", "snapshot"].includes(loadedFrom)) {
    reader.warn("load_models", `has no effect: "${file.path}" restores the models of a snapshot`);
  }
  return {
    config,
    settings: listSettings(settings, reader, environment, config),
    warnings: [...file.warnings, ...warnings, ...reader.warnings, ...flags.warnings],
  };
}

async function readUnpackDir(environment: Environment, cwd: string): Promise<string> {
  const { TEMP, TMPDIR, TMP, MARINA_CACHE_DIR } = environment;
  if (!(TEMP || TMPDIR || TMP) && MARINA_CACHE_DIR) {
    return await makeFolder(resolve(cwd, MARINA_CACHE_DIR, "tmp"));
  }
  const path = resolve(cwd, TEMP || resolveTempDir(environment));
  if (await isFolder(path)) return path;
  throw new ConfigError(
    `Cannot start: the folder of temporary files must be there, found no "${path}"; make it, or name another as environment variable TEMP`,
  );
}

/** The one writable folder of a read-only system holds temporary files, too. */
async function makeFolder(path: string): Promise<string> {
  try {
    await Deno.mkdir(path, { recursive: true, mode: 0o700 });
    return path;
  } catch (cause) {
    throw new ConfigError(
      `Cannot start: folder "${path}" must be writable, found ${
        (cause as Error).message
      }; name another as environment variable MARINA_CACHE_DIR`,
    );
  }
}

async function readModelStore(
  reader: SettingReader,
  defaultStore: string | undefined,
): Promise<string> {
  const path = reader.get("model_store") ?? defaultStore;
  if (path === undefined) throw new ConfigError("Missing mandatory parameter --model-store");
  if (await isFolder(path)) return path;
  throw new ConfigError(`--model-store directory not found: ${path}`);
}

function readAddress(
  reader: SettingReader,
  name: typeof ADDRESS_NAMES[number],
  isExposedUnguarded: boolean,
): ListenAddress {
  const address = reader.get(name);
  if (!isExposedUnguarded || isLoopback(address)) return address;
  throw reader.createError(
    name,
    "must be a loopback address where token authorization is disabled",
    "; use http://127.0.0.1 behind a proxy, leave token authorization on, or add --insecure",
  );
}

async function readTls(
  reader: SettingReader,
  addresses: readonly ListenAddress[],
): Promise<TlsConfig | undefined> {
  const isUsed = addresses.some((address) => address.transport === "tcp" && address.isTls);
  if (isUsed) {
    for (const name of ["certificate_file", "private_key_file"] as const) {
      if (reader.has("keystore") && reader.has(name)) {
        reader.warn(name, "has no effect: the keystore wins");
      }
    }
    return await readTlsConfig({
      keystore: reader.get("keystore"),
      keystorePass: reader.get("keystore_pass"),
      keystoreType: reader.get("keystore_type"),
      certificateFile: reader.get("certificate_file"),
      privateKeyFile: reader.get("private_key_file"),
    });
  }
  for (const name of TLS_NAMES) {
    if (reader.has(name)) reader.warn(name, "has no effect: no address is https://");
  }
}

function readCors(reader: SettingReader): CorsConfig {
  return {
    allowedOrigin: reader.get("cors_allowed_origin"),
    allowedMethods: reader.get("cors_allowed_methods"),
    allowedHeaders: reader.get("cors_allowed_headers"),
  };
}

function readDownloads(reader: SettingReader, environment: Environment): DownloadConfig {
  const allowedUrls = reader.get("allowed_urls") ?? [];
  for (const pattern of allowedUrls) {
    try {
      RE2JS.compile(pattern, RE2JS.CASE_INSENSITIVE);
    } catch {
      throw reader.createError(
        "allowed_urls",
        `must be RE2 regular expressions between commas, "${pattern}" is none`,
      );
    }
  }
  return {
    allowedUrls,
    maxArchiveBytes: reader.get("download_max_size"),
    timeoutMs: reader.get("download_timeout") * MS_PER_S,
    s3: resolveS3Credentials(environment),
  };
}

function readMetrics(reader: SettingReader): MetricsConfig {
  return {
    mode: reader.get("metrics_mode"),
    definitionsFile: reader.get("metrics_config"),
    isAutoDetectEnabled: reader.get("model_metrics_auto_detect"),
    isSystemEnabled: !reader.get("disable_system_metrics"),
    systemIntervalMs: reader.get("metric_time_interval") * MS_PER_S,
  };
}

function readLogs(reader: SettingReader, dir: string, metricsDir: string): LogConfig {
  return { form: reader.get("log_format"), dir, metricsDir };
}

function readRestorePoint(
  reader: SettingReader,
  file: string | undefined,
): RestorePoint | undefined {
  const json = reader.get("model_snapshot");
  return json === undefined || file === undefined ? undefined : parseRestorePoint(file, json);
}

function readModelOverrides(
  reader: SettingReader,
): ReadonlyMap<string, ReadonlyMap<string, ModelOverrides>> {
  const name: SettingName = "models";
  const text = reader.get(name);
  if (text === undefined) return new Map();
  try {
    const { overrides, warnings } = parseModelOverrides(text);
    for (const warning of warnings) reader.warn(name, warning);
    return overrides;
  } catch (error) {
    if (error instanceof SyntaxError) throw reader.createError(name, error.message);
    throw error;
  }
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isDirectory;
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    return false;
  }
}

/** Only NVIDIA's devices can be counted: where there are none, the operator's number is for WebGPU. */
function toNumberOfGpu(asked: number | undefined, found: number): number {
  if (asked === undefined) return found;
  return found === 0 ? asked : Math.min(asked, found);
}
