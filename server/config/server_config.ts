/** Everything that may be chosen about a server, in our names and units. */
import type { ListenAddress } from "./listen_address.ts";

/** A model to load before the ports open. */
export interface StartupModel {
  /** The archive's own name when absent. */
  readonly modelName?: string;
  /** A file or folder name in the model store, or an allowed URL. */
  readonly url: string;
}

/** A key and a certificate chain, PEM texts. */
export interface TlsConfig {
  readonly certificatePem: string;
  readonly privateKeyPem: string;
}

/** Header values that every answer gets, verbatim; absent ones are not sent. */
export interface CorsConfig {
  readonly allowedOrigin?: string;
  readonly allowedMethods?: string;
  readonly allowedHeaders?: string;
}

export interface TokenConfig {
  /** How long a key is valid. */
  readonly expirationMs: number;
  /** Absolute path of `key_file.json`. */
  readonly keyFile: string;
}

/** Keys of AWS, from its own environment variables. */
export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly region: string;
  /** Of keys that are lent for a while. */
  readonly sessionToken?: string;
}

export interface DownloadConfig {
  /** Regular expressions, each to match a whole URL in any case; none: nothing is downloaded. */
  readonly allowedUrls: readonly string[];
  readonly maxArchiveBytes: number;
  readonly timeoutMs: number;
  /** For `s3_sse_kms`; absent when the environment has none. */
  readonly s3?: S3Credentials;
}

export interface MetricsConfig {
  readonly mode: "log" | "prometheus" | "legacy";
  /** Absolute path of a `metrics.yaml`; absent: the built-in definitions. */
  readonly definitionsFile?: string;
  /** Whether metrics of handlers that nobody defined are taken in. */
  readonly isAutoDetectEnabled: boolean;
  readonly isSystemEnabled: boolean;
  readonly systemIntervalMs: number;
}

export interface LogConfig {
  /** Of the console; absent: text on a terminal, JSON elsewhere. */
  readonly form?: "text" | "json";
  /** Absolute folder of the log files (`LOG_LOCATION`). */
  readonly dir: string;
  /** Absolute folder of the metrics' log files (`METRICS_LOCATION`). */
  readonly metricsDir: string;
}

/** What the setting `models` says of one version of one model. */
export interface ModelOverrides {
  readonly minWorkers?: number;
  readonly maxWorkers?: number;
  readonly batchSize?: number;
  readonly maxBatchDelayMs?: number;
  readonly responseTimeoutMs?: number;
  readonly startupTimeoutMs?: number;
  readonly runtime?: string;
}

/** One version of a snapshot. */
export interface RestoredModel extends ModelOverrides {
  readonly modelName: string;
  readonly modelVersion: string;
  /** File or folder name in the model store. */
  readonly url: string;
  readonly isDefault: boolean;
  /** What it was registered with instead of the archive's own handler. */
  readonly handler?: string;
}

/** The models of a snapshot; they replace the startup models. */
export interface RestorePoint {
  /** The file that it was read from. */
  readonly file: string;
  readonly models: readonly RestoredModel[];
  /** Traffic weights by model name, then by version; `shadow` names a version. */
  readonly traffic: Readonly<Record<string, RestoredTraffic>>;
}

export interface RestoredTraffic {
  readonly weights: Readonly<Record<string, number>>;
  readonly shadow?: string;
}

/** A form in which bodies and answers are wrapped. */
export type EnvelopeName = "body" | "json" | "kserve" | "kservev2";

/** A provider of ONNX Runtime that computes on a GPU. */
export type GpuProvider = "cuda" | "webgpu";

/** Where GPUs are looked for. */
export interface GpuConfig {
  /** Tried in this order (`MARINA_GPU_PROVIDERS`). */
  readonly providers: readonly GpuProvider[];
  /** Absolute folders that may have CUDA's libraries in or below them (`MARINA_CUDA_DIR`). */
  readonly cudaDirs: readonly string[];
  /** Where the system's loader looks first (`LD_LIBRARY_PATH`). */
  readonly loaderPath: readonly string[];
  /** Manifests of Vulkan drivers that are to be used alone, absolute (`VK_DRIVER_FILES`); none: the system's. */
  readonly vulkanManifests: readonly string[];
}

export interface ServerConfig {
  /** Absolute path of the file that was read, a snapshot among them; absent when there was none. */
  readonly configFile?: string;
  readonly inferenceAddress: ListenAddress;
  readonly managementAddress: ListenAddress;
  readonly metricsAddress: ListenAddress;
  readonly isMetricsApiEnabled: boolean;
  /** Needed by addresses with `isTls`. */
  readonly tls?: TlsConfig;
  readonly cors: CorsConfig;
  /** Absent when requests need no token. */
  readonly tokens?: TokenConfig;
  /** An absolute path of an existing folder. */
  readonly modelStore: string;
  /** `"all"` is every archive and folder of the model store. */
  readonly startupModels: readonly StartupModel[] | "all";
  /** Set when the config came from a snapshot; the startup models are ignored then. */
  readonly restorePoint?: RestorePoint;
  /** Where snapshots are written; absent with `--ncs`. */
  readonly snapshotDir?: string;
  /** The effective settings by upstream's names, for snapshots and `--print-config`. */
  readonly properties: ReadonlyMap<string, string>;
  /** What `models={…}` says: by model name, then by version. */
  readonly modelOverrides: ReadonlyMap<string, ReadonlyMap<string, ModelOverrides>>;
  /** Workers of a model that says nothing itself; 0: one for each device at the start, none later. */
  readonly defaultWorkersPerModel: number;
  /** For archives that name no handler. */
  readonly defaultHandler?: string;
  /** What workers run in whose archive does not say it. */
  readonly isolation: "thread" | "process";
  /** What processes of workers are talked to over; the system's own way unless set, which tests do. */
  readonly workerChannel?: "tcp";
  /** Devices to spread workers over; a worker whose device cannot be used takes the CPU. */
  readonly numberOfGpu: number;
  readonly gpu: GpuConfig;
  /** The first worker's id; TorchServe counted its workers' ports. */
  readonly firstWorkerId: number;
  /** Requests that one model version lets wait. */
  readonly jobQueueSize: number;
  /** Bytes of the bodies that one model version lets wait. */
  readonly maxQueueBytes: number;
  readonly responseTimeoutMs: number;
  readonly startupTimeoutMs: number;
  readonly unregisterTimeoutMs: number;
  /** How long a request waits before another worker is started, up to `maxWorkers`; 0: never. */
  readonly scaleUpQueueMs: number;
  /** How long a worker above `minWorkers` may be idle before it is stopped. */
  readonly scaleDownIdleMs: number;
  /** The largest body that is read, inclusive. */
  readonly maxRequestBytes: number;
  /** The largest answer of a handler, inclusive. */
  readonly maxResponseBytes: number;
  /** How long a client may take to send a body. */
  readonly bodyDeadlineMs: number;
  /** Whether bodies are decoded by their content type before the handler sees them. */
  readonly decodesRequests: boolean;
  /** How bodies are wrapped of models whose archives do not say it. */
  readonly serviceEnvelope?: EnvelopeName;
  /** Whether the Open Inference Protocol's health and metadata are served. */
  readonly isOpenInferenceEnabled: boolean;
  readonly downloads: DownloadConfig;
  /** Whether models may be registered and unregistered over HTTP. */
  readonly isModelApiEnabled: boolean;
  readonly metrics: MetricsConfig;
  readonly logs: LogConfig;
  /** Absolute folder into which archives are unpacked (`TEMP`). */
  readonly tempDir: string;
  /** For what is kept from one start to the next; absolute, it may not exist. */
  readonly cacheDir: string;
  /** Whether a model is reloaded when its file changes. */
  readonly isWatching: boolean;
}

/** One line of `--print-config`. */
export interface EffectiveSetting {
  readonly name: string;
  /** Secrets are masked. */
  readonly text: string;
  /** Where it comes from: `default`, `config.properties, line 7`, `--models` … */
  readonly origin: string;
}

/** A config, and what its reader should be told of it, one line each. */
export interface ConfigReading {
  readonly config: ServerConfig;
  readonly settings: readonly EffectiveSetting[];
  readonly warnings: readonly string[];
}

/** A start that cannot be: the operator is to change the flags or the file. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}
