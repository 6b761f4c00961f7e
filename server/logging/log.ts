/**
 * Log lines for people on a terminal, JSON lines for machines anywhere else.
 *
 * Messages are fixed sentences and what varies is a field beside them: so that a name with braces, line
 * feeds or escape sequences can neither break a line nor colour a terminal. Callers keep bodies and
 * secrets out.
 */
import { configureSync, getLogger, type LogRecord, resetSync } from "@logtape/logtape";

export type LogForm = "text" | "json";

/** What varies in a line; an `Error` is shown with its stack and its causes. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Where one part of the server tells what happens in it. */
export interface Log {
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

export interface ConfigureLoggingOptions {
  readonly form: LogForm;
  /** Receives one record with its line feed. */
  readonly write: (text: string) => void;
}

const ROOT = "marina";
const LEVEL_NAMES = { warning: "WARN" } as Readonly<Record<string, string>>;
/** C0 and C1 controls, the delete key, and what some readers take for a line's end. */
// deno-lint-ignore no-control-regex -- they are what it is for
const CONTROL_REGEXP = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g;
const PLAIN_VALUE_REGEXP = /^[\w.:/@+-]+$/;

/** Sends all logs of this process to `write`; before it, and after `resetLogging`, they go nowhere. */
export function configureLogging(options: ConfigureLoggingOptions): void {
  const format = options.form === "json" ? formatJson : formatText;
  configureSync({
    sinks: { out: (record) => options.write(format(record)) },
    loggers: [
      { category: [ROOT], sinks: ["out"], lowestLevel: "info" },
      { category: ["logtape", "meta"], sinks: ["out"], lowestLevel: "error" },
    ],
    reset: true,
  });
}

export function resetLogging(): void {
  resetSync();
}

/** The log of one part of the server: `createLog("models")`. */
export function createLog(part: string): Log {
  const logger = getLogger([ROOT, part]);
  return {
    info: (message, fields = {}) => logger.info(escapeBraces(message), { ...fields }),
    warn: (message, fields = {}) => logger.warn(escapeBraces(message), { ...fields }),
    error: (message, fields = {}) => logger.error(escapeBraces(message), { ...fields }),
  };
}

/** `2026-11-21T09:08:50.000Z INFO  models: Model is registered modelName=mnist`, stacks indented below. */
function formatText(record: LogRecord): string {
  const level = (LEVEL_NAMES[record.level] ?? record.level.toUpperCase()).padEnd(5);
  const stacks: string[] = [];
  let line = `${toTime(record)} ${level} ${record.category.slice(1).join(".")}: ${
    toMessage(record)
  }`;
  for (const [name, value] of Object.entries(record.properties)) {
    if (value === undefined) continue;
    if (value instanceof Error) stacks.push(toStack(value));
    else line += ` ${name}=${toText(value)}`;
  }
  const below = stacks.join("\n").split("\n").filter((text) => text !== "");
  return [escapeControls(line), ...below.map((text) => `    ${escapeControls(text.trimEnd())}`), ""]
    .join("\n");
}

function formatJson(record: LogRecord): string {
  const fields = Object.entries(record.properties).map(([name, value]) => [
    name,
    value instanceof Error ? toStack(value) : value,
  ]);
  const line = JSON.stringify({
    time: toTime(record),
    level: record.level,
    part: record.category.slice(1).join("."),
    message: toMessage(record),
    ...Object.fromEntries(fields),
  });
  return `${escapeControls(line)}\n`;
}

function toTime(record: LogRecord): string {
  return new Date(record.timestamp).toISOString();
}

function toMessage(record: LogRecord): string {
  return record.message.join("");
}

function toText(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value) ?? String(value);
  return typeof value !== "string" || PLAIN_VALUE_REGEXP.test(text) ? text : JSON.stringify(text);
}

/** The stack, then those of the causes; an error may be its own cause's cause, so no more than ten. */
function toStack(error: Error): string {
  const stacks: string[] = [];
  for (let next: unknown = error; next !== undefined && stacks.length < 10;) {
    const isError: boolean = next instanceof Error;
    const text: string = isError ? (next as Error).stack ?? String(next) : String(next);
    stacks.push(stacks.length === 0 ? text : `Caused by: ${text}`);
    next = isError ? (next as Error).cause : undefined;
  }
  return stacks.join("\n");
}

function escapeBraces(message: string): string {
  return message.replaceAll("{", "{{").replaceAll("}", "}}");
}

function escapeControls(text: string): string {
  return text.replace(
    CONTROL_REGEXP,
    (control) => `\\u${control.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
