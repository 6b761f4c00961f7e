/** A record as the console shows it: to people, coloured on a terminal, or to machines. */
import type { LogRecord } from "@logtape/logtape";
import {
  toFieldsText,
  toLevelName,
  toMessage,
  toPart,
  toSafeText,
  toStack,
  toStackLines,
} from "./_record_text.ts";

/** Room for the parts' names, so that messages stand below each other. */
const PART_WIDTH = 9;
const DIM = 2;
const COLOR_BY_LEVEL: Readonly<Record<string, number>> = { info: 32, warning: 33, error: 31 };

/** `2026-11-21T09:08:50.000Z INFO  models: Model is registered model=mnist`, stacks indented below. */
export function formatText(record: LogRecord): string {
  const head = `${toTime(record)} ${toLevelName(record).padEnd(5)} ${toPart(record)}: `;
  const line = toSafeText(head + toMessage(record) + toFieldsText(record));
  return `${line}\n${toStackLines(record)}`;
}

/** `09:08:50.000 INFO  models:  Model is registered model=mnist`, the time being that of the wall clock. */
export function formatTerminal(record: LogRecord, isColored: boolean): string {
  const paint = (code: number, text: string): string =>
    isColored && text !== "" ? `\u001b[${code}m${text}\u001b[0m` : text;
  const time = paint(DIM, toWallClock(record.timestamp));
  const level = paint(COLOR_BY_LEVEL[record.level] ?? DIM, toLevelName(record).padEnd(5));
  const part = `${toPart(record)}: `.padEnd(PART_WIDTH);
  const fields = paint(DIM, toSafeText(toFieldsText(record, "text")));
  return toTexts(record).map((text) => `${time} ${level} ${toSafeText(part + text)}${fields}\n`)
    .join("") + toStackLines(record);
}

/** The message, or, line by line, what a handler has printed: the field `text` is the one that people want. */
function toTexts(record: LogRecord): string[] {
  const { text } = record.properties;
  return typeof text === "string" ? text.trimEnd().split(/\r?\n/) : [toMessage(record)];
}

/** One JSON object: `time`, `level`, `part`, `message`, then the fields. */
export function formatJson(record: LogRecord): string {
  const fields = Object.entries(record.properties).map(([name, value]) => [
    name,
    value instanceof Error ? toStack(value) : value,
  ]);
  const line = JSON.stringify({
    time: toTime(record),
    level: record.level,
    part: toPart(record),
    message: toMessage(record),
    ...Object.fromEntries(fields),
  });
  return `${toSafeText(line)}\n`;
}

function toTime(record: LogRecord): string {
  return new Date(record.timestamp).toISOString();
}

function toWallClock(atMs: number): string {
  const date = new Date(atMs);
  const pad = (value: number, width = 2): string => String(value).padStart(width, "0");
  const seconds = `${pad(date.getSeconds())}.${pad(date.getMilliseconds(), 3)}`;
  return `${pad(date.getHours())}:${pad(date.getMinutes())}:${seconds}`;
}
