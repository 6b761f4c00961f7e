/**
 * What the operator decided: command line over config file over defaults.
 *
 * Upstream's names and units outside, ours inside; nothing else of the server knows both.
 */
import { basename, resolve } from "node:path";
import {
  type DefaultPorts,
  isLoopback,
  type ListenAddress,
  parseListenAddress,
} from "./listen_address.ts";
import { parseProperties, type Setting } from "./_properties.ts";
import type { ServeFlags } from "./serve_flags.ts";
import {
  ConfigError,
  type ConfigReading,
  type ServerConfig,
  type StartupModel,
} from "./server_config.ts";
import {
  findNearestSetting,
  isKnownSetting,
  isReadSetting,
  type SettingName,
} from "./_setting_names.ts";

const MS_PER_S = 1000;
const MAX_INT32 = 2 ** 31 - 1;
/** A day: what timers take without overflow, and longer than any request should. */
const MAX_TIMEOUT_S = 86_400;

/** What one model version may have; each worker is a thread with a copy of the model. */
const MAX_WORKERS = 512;
const MAX_GPUS = 1024;

/** TorchServe's defaults, but for the two that it does not have. */
const DEFAULTS = {
  jobQueueSize: 100,
  maxQueueBytes: 256 * 1024 * 1024,
  timeoutS: 120,
  maxRequestBytes: 6_553_500,
  bodyDeadlineMs: 60_000,
} as const;

/**
 * Reads the config file that the flags name, if any, and merges all three sources.
 *
 * @throws {ConfigError} If a file or folder is missing, or a value cannot be used; the message names the
 * setting, the file and the line.
 */
export async function readServerConfig(flags: ServeFlags): Promise<ConfigReading> {
  const settings = flags.tsConfig === undefined
    ? new SettingsFile("", [])
    : await readSettingsFile(flags.tsConfig);
  const modelStore = flags.modelStore ?? settings.getText("model_store");
  if (modelStore === undefined || modelStore === "") {
    throw new ConfigError("Missing mandatory parameter --model-store");
  }
  if (!await isFolder(modelStore)) {
    throw new ConfigError(`--model-store directory not found: ${modelStore}`);
  }
  const address = (name: SettingName, ports: DefaultPorts): ListenAddress =>
    settings.getAddress(name, ports, flags.insecure);
  const timeoutMs = (name: SettingName): number =>
    (settings.getInteger(name, 1, MAX_TIMEOUT_S) ?? DEFAULTS.timeoutS) * MS_PER_S;
  const models = flags.models ?? settings.getText("load_models")?.split(",");
  settings.getBoolean("disable_token_authorization");
  const isModelApiEnabled = settings.getBoolean("enable_model_api");
  const config: ServerConfig = {
    inferenceAddress: address("inference_address", { http: 8080, https: 443 }),
    managementAddress: address("management_address", { http: 8081, https: 8444 }),
    metricsAddress: address("metrics_address", { http: 8082, https: 8445 }),
    modelStore: resolve(modelStore),
    startupModels: parseStartupModels(models ?? []),
    defaultWorkersPerModel: settings.getInteger("default_workers_per_model", 0, MAX_WORKERS) ?? 0,
    numberOfGpu: settings.getInteger("number_of_gpu", 0, MAX_GPUS) ?? await countNvidiaGpus(),
    jobQueueSize: settings.getInteger("job_queue_size", 1, MAX_INT32) ?? DEFAULTS.jobQueueSize,
    maxQueueBytes: DEFAULTS.maxQueueBytes,
    responseTimeoutMs: timeoutMs("default_response_timeout"),
    startupTimeoutMs: timeoutMs("default_startup_timeout"),
    unregisterTimeoutMs: timeoutMs("unregister_model_timeout"),
    maxRequestBytes: settings.getInteger("max_request_size", 1, MAX_INT32) ??
      DEFAULTS.maxRequestBytes,
    bodyDeadlineMs: DEFAULTS.bodyDeadlineMs,
    isModelApiEnabled: flags.enableModelApi || isModelApiEnabled,
    isMetricsApiEnabled: true,
    cors: {},
    properties: new Map(),
    modelOverrides: new Map(),
    firstWorkerId: 9000,
    scaleUpQueueMs: 500,
    scaleDownIdleMs: 60_000,
    maxResponseBytes: DEFAULTS.maxRequestBytes,
    decodesRequests: true,
    downloads: { allowedUrls: [], maxArchiveBytes: 16 * 1024 ** 3, timeoutMs: 600_000 },
    metrics: {
      mode: "log",
      isAutoDetectEnabled: false,
      isSystemEnabled: true,
      systemIntervalMs: 60_000,
    },
    logs: { dir: resolve("logs"), metricsDir: resolve("logs") },
    isWatching: false,
  };
  return { config, warnings: settings.listWarnings() };
}

/** `all` alone in any case, else a list of `name=url` and `url`. */
function parseStartupModels(texts: readonly string[]): readonly StartupModel[] | "all" {
  const trimmed = texts.map((text) => text.trim()).filter((text) => text !== "");
  if (trimmed.length === 1 && trimmed[0]!.toLowerCase() === "all") return "all";
  return trimmed.map((text) => {
    const equals = text.indexOf("=");
    return equals === -1
      ? { url: text }
      : { modelName: text.slice(0, equals), url: text.slice(equals + 1) };
  });
}

/** The settings of one file, each read as its kind. */
class SettingsFile {
  readonly #path: string;
  readonly #settings: ReadonlyMap<string, Setting>;

  constructor(path: string, settings: readonly Setting[]) {
    this.#path = path;
    this.#settings = new Map(settings.map((setting) => [setting.key, setting]));
  }

  getText(name: SettingName): string | undefined {
    return this.#settings.get(name)?.value;
  }

  /** True for `true` in any case, as Java reads it. */
  getBoolean(name: SettingName): boolean {
    return this.getText(name)?.toLowerCase() === "true";
  }

  getInteger(name: SettingName, least: number, most: number): number | undefined {
    const setting = this.#settings.get(name);
    if (setting === undefined) return undefined;
    const value = /^\d{1,10}$/.test(setting.value) ? Number(setting.value) : NaN;
    if (value >= least && value <= most) return value;
    throw this.#createError(setting, `must be an integer from ${least} to ${most}`);
  }

  getAddress(name: SettingName, ports: DefaultPorts, isInsecure: boolean): ListenAddress {
    const setting = this.#settings.get(name);
    if (setting === undefined) {
      return { transport: "tcp", hostname: "127.0.0.1", port: ports.http, isTls: false };
    }
    const address = parseListenAddress(setting.value, ports);
    if (address === undefined) throw this.#createError(setting, "must be http://host:port");
    if (!isInsecure && !isLoopback(address)) {
      throw this.#createError(
        setting,
        "must be a loopback address, as requests are not authorized yet",
        "; use http://127.0.0.1 behind a proxy, or add --insecure",
      );
    }
    return address;
  }

  /** One line for each setting that has no effect. */
  listWarnings(): string[] {
    return [...this.#settings.values()].filter(({ key }) => !isReadSetting(key)).map((setting) => {
      const what = `Setting "${setting.key}" ${this.#locate(setting)}`;
      if (isKnownSetting(setting.key)) return `${what} is not read yet`;
      const nearest = findNearestSetting(setting.key);
      return `${what} is unknown${nearest === undefined ? "" : `, did you mean "${nearest}"?`}`;
    });
  }

  #createError(setting: Setting, required: string, wayOut = ""): ConfigError {
    return new ConfigError(
      `Cannot start: setting "${setting.key}" ${required}, received "${setting.value}" ` +
        `${this.#locate(setting)}${wayOut}`,
    );
  }

  #locate(setting: Setting): string {
    return `(from ${basename(this.#path)}, line ${setting.line})`;
  }
}

async function readSettingsFile(path: string): Promise<SettingsFile> {
  try {
    return new SettingsFile(path, parseProperties(await Deno.readTextFile(path)));
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) {
      throw new ConfigError(`--ts-config file not found: ${path}`);
    }
    throw new ConfigError(`Cannot start: the config file "${path}" cannot be read`, { cause });
  }
}

/** The devices that this process may see: their files, fewer when `CUDA_VISIBLE_DEVICES` says so. */
async function countNvidiaGpus(): Promise<number> {
  let found = 0;
  try {
    for await (const { name } of Deno.readDir("/dev")) if (/^nvidia\d+$/.test(name)) found++;
  } catch {
    return 0;
  }
  const visible = Deno.env.get("CUDA_VISIBLE_DEVICES");
  if (visible === undefined) return found;
  return Math.min(found, visible.split(",").filter((id) => id.trim() !== "").length);
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isDirectory;
  } catch {
    return false;
  }
}
