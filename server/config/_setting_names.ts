/** The names that a config file may use, as TorchServe documents them. */

/** Those that take effect. */
export const READ_SETTINGS = [
  "default_response_timeout",
  "default_startup_timeout",
  "default_workers_per_model",
  "disable_token_authorization",
  "enable_model_api",
  "inference_address",
  "job_queue_size",
  "load_models",
  "management_address",
  "max_request_size",
  "metrics_address",
  "model_store",
  "number_of_gpu",
  "unregister_model_timeout",
] as const;

export type SettingName = typeof READ_SETTINGS[number];

/** Those that are known, and not read. */
const UNREAD_SETTINGS = [
  "allowed_urls",
  "async_logging",
  "blacklist_env_vars",
  "certificate_file",
  "cors_allowed_headers",
  "cors_allowed_methods",
  "cors_allowed_origin",
  "cpp_log_config",
  "cpu_launcher_args",
  "cpu_launcher_enable",
  "debug",
  "decode_input_request",
  "default_service_handler",
  "disable_system_metrics",
  "enable_envvars_config",
  "enable_grpc_ssl",
  "enable_metrics_api",
  "grpc_inference_address",
  "grpc_inference_max_connection_age_grace_ms",
  "grpc_inference_max_connection_age_ms",
  "grpc_inference_port",
  "grpc_management_address",
  "grpc_management_max_connection_age_grace_ms",
  "grpc_management_max_connection_age_ms",
  "grpc_management_port",
  "initial_distribution_port",
  "initial_worker_port",
  "install_py_dep_per_model",
  "io_ratio",
  "ipex_enable",
  "ipex_gpu_enable",
  "keystore",
  "keystore_pass",
  "keystore_type",
  "limit_max_image_pixels",
  "max_response_size",
  "metric_time_interval",
  "metrics_config",
  "metrics_mode",
  "model_metrics_auto_detect",
  "model_server_home",
  "model_snapshot",
  "models",
  "netty_client_threads",
  "number_of_netty_threads",
  "plugins_path",
  "prefer_direct_buffer",
  "private_key_file",
  "python",
  "service_envelope",
  "system_metrics_cmd",
  "token_expiration_min",
  "ts_header_key_sequence_end",
  "ts_header_key_sequence_id",
  "ts_header_key_sequence_start",
  "ts_open_inference_protocol",
  "use_env_allowed_urls",
  "use_native_io",
  "vmargs",
  "workflow_store",
] as const;

const KNOWN_NAMES: readonly string[] = [...READ_SETTINGS, ...UNREAD_SETTINGS];
const MAX_TYPOS = 4;

export function isReadSetting(name: string): name is SettingName {
  return (READ_SETTINGS as readonly string[]).includes(name);
}

export function isKnownSetting(name: string): boolean {
  return KNOWN_NAMES.includes(name);
}

/** The known name with the fewest typing errors between, `undefined` when none is near. */
export function findNearestSetting(name: string): string | undefined {
  let nearest: string | undefined;
  let leastTypos = MAX_TYPOS + 1;
  for (const known of KNOWN_NAMES) {
    const typos = countTypos(name.toLowerCase(), known);
    if (typos < leastTypos) [nearest, leastTypos] = [known, typos];
  }
  return nearest;
}

/** Levenshtein's distance, one row at a time. */
function countTypos(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const swapped = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(swapped, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}
