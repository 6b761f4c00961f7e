/** Where the server tells what happens in it: the console, and the log files. */
export {
  configureLogging,
  type ConfigureLoggingOptions,
  hasLogFiles,
  type LogForm,
  resetLogging,
  writeAccessLine,
  writeMetricLine,
} from "./configure_logging.ts";
export { escapeControls } from "./escape_controls.ts";
export { createLog, type Log, type LogFields, MODEL_PART } from "./log.ts";
export {
  type LogFileName,
  LogFiles,
  type LogFileTrouble,
  type OpenLogFilesOptions,
} from "./log_files.ts";
export { toLogTimestamp } from "./log_timestamp.ts";
export { maskSecrets } from "./mask_secrets.ts";
