import { configureSync, type LogRecord, resetSync } from "@logtape/logtape";
import { formatJson, formatTerminal, formatText } from "./_console_forms.ts";
import { formatModelLines, formatServerLine } from "./_file_forms.ts";
import { MODEL_PART, ROOT_CATEGORY } from "./log.ts";
import type { LogFileName, LogFiles } from "./log_files.ts";
import { toLogTimestamp } from "./log_timestamp.ts";

export type LogForm = "text" | "json";

export interface ConfigureLoggingOptions {
  readonly form: LogForm;
  /** Whether people read along: the text form is shorter then, and coloured. */
  readonly isTerminal?: boolean;
  /** Receives one record with its line feed. */
  readonly write: (text: string) => void;
  /** Where lines are kept; absent: nowhere. The caller closes them, after `resetLogging`. */
  readonly files?: LogFiles;
}

let files: LogFiles | undefined;

/**
 * Sends all logs of this process to `write` and to the files; before it, and after `resetLogging`, they
 * go nowhere. May be called again, once more is known.
 */
export function configureLogging(options: ConfigureLoggingOptions): void {
  files = options.files;
  const format = chooseFormat(options);
  configureSync({
    sinks: {
      out: (record) => options.write(format(record)),
      server: (record) => files?.write("ts_log", formatServerLine(record)),
      model: (record) => files?.write("model_log", formatModelLines(record)),
    },
    loggers: [
      { category: [ROOT_CATEGORY], sinks: ["out", "server"], lowestLevel: "info" },
      {
        category: [ROOT_CATEGORY, MODEL_PART],
        sinks: ["out", "model"],
        parentSinks: "override",
        lowestLevel: "info",
      },
      { category: ["logtape", "meta"], sinks: ["out"], lowestLevel: "error" },
    ],
    reset: true,
  });
}

export function resetLogging(): void {
  files = undefined;
  resetSync();
}

/** Whether there is an access log: where there is none, nobody need observe the requests for it. */
export function hasLogFiles(): boolean {
  return files !== undefined;
}

/** Writes one line of the access log, after its time. */
export function writeAccessLine(line: string, atMs: number): void {
  files?.write("access_log", `${toLogTimestamp(atMs)} - ${line}\n`);
}

/**
 * Writes one line of a metrics log, after its time; nowhere while no log files are open.
 *
 * @param file `ts_metrics` for the server's own, `model_metrics` for those of handlers.
 * @param line `Requests2XX.Count:1.0|#Level:Host|#hostname:h,timestamp:1795229338`, of one line.
 */
export function writeMetricLine(
  file: Extract<LogFileName, "ts_metrics" | "model_metrics">,
  line: string,
): void {
  files?.write(file, `${toLogTimestamp(Date.now())} - ${line}\n`);
}

function chooseFormat(options: ConfigureLoggingOptions): (record: LogRecord) => string {
  if (options.form === "json") return formatJson;
  if (!options.isTerminal) return formatText;
  const isColored = !Deno.noColor;
  return (record) => formatTerminal(record, isColored);
}
