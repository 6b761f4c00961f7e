/** What the operator decided, from the command line, the config file and the environment. */
export { isLoopback, type ListenAddress } from "./listen_address.ts";
export { readTempDir } from "./_environment.ts";
export { createConfigListing } from "./config_listing.ts";
export { readServerConfig, type ReadServerConfigOptions } from "./read_server_config.ts";
export { createSelfSignedTls } from "./self_signed_tls.ts";
export {
  createServeHelp,
  type Flag,
  listServeFlags,
  parseServeFlags,
  type ServeFlags,
  type ServeTask,
  UsageError,
} from "./serve_flags.ts";
export { envOf, rowOf, SETTING_GROUPS, type SettingName, SETTINGS } from "./settings_table.ts";
export type { SettingRow } from "./_setting_rows.ts";
export {
  ConfigError,
  type ConfigReading,
  type CorsConfig,
  type DownloadConfig,
  type EffectiveSetting,
  type EnvelopeName,
  type GpuConfig,
  type GpuProvider,
  type LogConfig,
  type MetricsConfig,
  type ModelOverrides,
  type RestoredModel,
  type RestoredTraffic,
  type RestorePoint,
  type S3Credentials,
  type ServerConfig,
  type StartupModel,
  type TlsConfig,
  type TokenConfig,
} from "./server_config.ts";
export {
  parseSnapshotName,
  type SnapshotKind,
  type SnapshotName,
  toNextStamp,
  toSnapshotFileName,
} from "./snapshot_name.ts";
export { findNewestSnapshot, type FoundSnapshot } from "./_snapshot_files.ts";
export { parseRestorePoint, SNAPSHOT_FORMAT } from "./_restore_point.ts";
export { readTlsConfig } from "./_tls_files.ts";
export {
  readTelemetryConfig,
  type TelemetryConfig,
  type TelemetryProtocol,
} from "./telemetry_environment.ts";
export { createWorkerEnvironment } from "./worker_environment.ts";
