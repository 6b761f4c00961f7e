/** What the forms of a log record have in common. */
import type { LogRecord } from "@logtape/logtape";
import { escapeControls } from "./escape_controls.ts";
import { maskSecrets } from "./mask_secrets.ts";

const LEVEL_NAMES: Readonly<Record<string, string>> = { warning: "WARN" };
const PLAIN_VALUE_REGEXP = /^[\w.,:/@+-]+$/;
const RUNTIME_FRAME_REGEXP = /^ +at .*\bext:[\w/.]+:\d+:\d+\)?$/;
const MAX_CAUSES = 10;

/** `INFO`, `WARN`, `ERROR`: five characters at most. */
export function toLevelName(record: LogRecord): string {
  return LEVEL_NAMES[record.level] ?? record.level.toUpperCase();
}

/** The part of the server that says it. */
export function toPart(record: LogRecord): string {
  return record.category.slice(1).join(".");
}

export function toMessage(record: LogRecord): string {
  return record.message.join("");
}

/**
 * ` name=value` for each field, quoted where it is not plain; errors are for {@linkcode toStackLines}. After a
 * message that ends in a colon the first field is its value alone: `Model Store: /models`.
 */
export function toFieldsText(record: LogRecord, without?: string): string {
  let text = "";
  let isNamed = !toMessage(record).endsWith(":");
  for (const [name, value] of Object.entries(record.properties)) {
    if (value === undefined || name === without || isStack(name, value)) continue;
    text += isNamed ? ` ${name}=${toValueText(value)}` : ` ${value}`;
    isNamed = true;
  }
  return text;
}

/**
 * The stacks of a record's errors and of its field `stack`, each line with its indent and its line feed. The
 * runtime's own frames, which end most stacks, are left out.
 */
export function toStackLines(record: LogRecord): string {
  return Object.entries(record.properties).filter(([name, value]) => isStack(name, value))
    .flatMap(([, value]) => (value instanceof Error ? toStack(value) : String(value)).split("\n"))
    .filter((line) => line !== "" && !RUNTIME_FRAME_REGEXP.test(line))
    .map((line) => `    ${toSafeText(line.trimEnd())}\n`).join("");
}

function isStack(name: string, value: unknown): boolean {
  return value instanceof Error || (name === "stack" && typeof value === "string");
}

/** The stack, then those of the causes; an error may be its own cause's cause, so no more than ten. */
export function toStack(error: Error): string {
  const stacks: string[] = [];
  for (let next: unknown = error; next !== undefined && stacks.length < MAX_CAUSES;) {
    const isError: boolean = next instanceof Error;
    const text: string = isError ? (next as Error).stack ?? String(next) : String(next);
    stacks.push(stacks.length === 0 ? text : `Caused by: ${text}`);
    next = isError ? (next as Error).cause : undefined;
  }
  return stacks.join("\n");
}

/** A text that is one line of a log: without controls, and without what is nobody's business. */
export function toSafeText(text: string): string {
  return maskSecrets(escapeControls(text));
}

function toValueText(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value) ?? String(value);
  return typeof value !== "string" || PLAIN_VALUE_REGEXP.test(text) ? text : JSON.stringify(text);
}
