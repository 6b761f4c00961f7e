/** Where the server tells what happens in it. */
export {
  configureLogging,
  type ConfigureLoggingOptions,
  createLog,
  type Log,
  type LogFields,
  type LogForm,
  resetLogging,
} from "./log.ts";
