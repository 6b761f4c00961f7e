/** A record as the log files hold it, in the pattern of TorchServe's log4j2.xml: `%d{ISO8601} [%-5p] %t %c - %m%n`. */
import type { LogRecord } from "@logtape/logtape";
import { toLogTimestamp } from "./log_timestamp.ts";
import {
  toFieldsText,
  toLevelName,
  toMessage,
  toPart,
  toSafeText,
  toStackLines,
} from "./_record_text.ts";

/** `2024-05-30T21:46:03,625 [INFO ] W-9000-mnist_1.0 marina.workers - Worker is ready worker=9000` */
export function formatServerLine(record: LogRecord): string {
  const thread = toWorkerName(record) ?? "main";
  const text = toSafeText(toMessage(record) + toFieldsText(record));
  return `${toHead(record)} ${thread} marina.${toPart(record)} - ${text}\n${toStackLines(record)}`;
}

/**
 * `2024-05-30T21:46:03,625 [INFO ] W-9000-mnist_1.0-stdout MODEL_LOG - what the handler printed`
 *
 * A text of several lines becomes as many, each with the whole head, as a worker's output did; the ids of
 * the requests that were being answered follow each.
 */
export function formatModelLines(record: LogRecord): string {
  const { text, requestId } = record.properties;
  const stream = record.level === "info" ? "stdout" : "stderr";
  const head = `${toHead(record)} ${toWorkerName(record) ?? "main"}-${stream} MODEL_LOG - `;
  const tail = requestId === undefined ? "\n" : ` requestId=${requestId}\n`;
  const lines = typeof text === "string" ? text.trimEnd().split(/\r?\n/) : [toMessage(record)];
  return lines.map((line) => head + toSafeText(line) + tail).join("");
}

function toHead(record: LogRecord): string {
  return `${toLogTimestamp(record.timestamp)} [${toLevelName(record).padEnd(5)}]`;
}

/** What TorchServe calls its workers' threads. */
function toWorkerName({ properties }: LogRecord): string | undefined {
  const { worker, model, version } = properties;
  return worker === undefined ? undefined : toSafeText(`W-${worker}-${model}_${version}`);
}
