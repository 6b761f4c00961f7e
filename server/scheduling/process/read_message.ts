/** Frames as messages, after they have come. */

import type { FromWorkerMessage, PredictMessage, ToWorkerMessage } from "../protocol.ts";
import { FrameError, type SegmentReader } from "./frame.ts";
import { NUMBER_KEY } from "./to_frame.ts";

/**
 * Puts a message of the scheduler's together. The scheduler is trusted: what it sends is not looked at.
 *
 * @param header Parsed JSON.
 */
export function readSchedulerMessage(header: unknown, segments: SegmentReader): ToWorkerMessage {
  const message = header as ToWorkerMessage;
  if (message.type === "load") return restoreNumbers(message) as ToWorkerMessage;
  if (message.type !== "predict") return message;
  for (const { items } of message.batches) {
    for (const { parts } of items) {
      for (const part of parts as unknown as { bytes: unknown }[]) {
        part.bytes = segments.take(part.bytes);
      }
    }
  }
  return message satisfies PredictMessage;
}

type Rule = (value: unknown) => boolean;
type Shape = Readonly<Record<string, Rule>>;

const isText: Rule = (value) => typeof value === "string";
const isFlag: Rule = (value) => typeof value === "boolean";
const isNumber: Rule = (value) => typeof value === "number";
const isCount: Rule = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
const optional = (rule: Rule): Rule => (value) => value === undefined || rule(value);
const nullable = (rule: Rule): Rule => (value) => value === null || rule(value);
const oneOf = (...texts: string[]): Rule => (value) => texts.includes(value as string);
const listOf = (rule: Rule): Rule => (value) => Array.isArray(value) && value.every(rule);
const shaped = (shape: Shape): Rule => (value) => {
  if (typeof value !== "object" || value === null) return false;
  for (const key in shape) {
    if (!shape[key]!((value as Record<string, unknown>)[key])) return false;
  }
  return true;
};
const isTable: Rule = (value) =>
  typeof value === "object" && value !== null && Object.values(value).every(isText);

const isFailure = shaped({
  message: isText,
  file: optional(isText),
  line: optional(isNumber),
  stack: optional(isText),
});
const isPairs: Rule = (value) => listOf(isText)(value) && (value as unknown[]).length % 2 === 0;
const isAnswer = shaped({
  status: isCount,
  statusText: isText,
  headers: isPairs,
  body: isCount,
  error: optional(shaped({ code: oneOf("answer_too_large"), message: isText })),
});

const SHAPE_BY_TYPE: Readonly<Record<FromWorkerMessage["type"], Rule>> = {
  loaded: shaped({
    executionProvider: isText,
    gpuId: nullable(isCount),
    rowBytes: optional(isCount),
  }),
  load_failed: shaped({
    failure: isFailure,
    isOutOfMemory: isFlag,
  }),
  result: shaped({
    batchId: isCount,
    busyMs: isNumber,
    answers: optional(listOf(isAnswer)),
    error: optional(shaped({
      code: oneOf("batch_out_of_memory", "handler_rejected", "prediction_failed"),
      message: isText,
      handlerStatus: optional(isNumber),
      failure: optional(isFailure),
    })),
    metrics: optional(listOf(shaped({
      name: isText,
      unit: isText,
      type: isText,
      value: isNumber,
      dimensions: isTable,
      requestId: optional(isText),
    }))),
    stages: optional(shaped({
      preprocessMs: optional(isNumber),
      inferenceMs: optional(isNumber),
      postprocessMs: optional(isNumber),
    })),
  }),
  chunk: shaped({ batchId: isCount, index: isCount, chunk: isAnswer }),
  log: shaped({
    source: oneOf("handler", "worker"),
    level: oneOf("debug", "info", "warning", "error"),
    message: isText,
    requestIds: optional(listOf(isText)),
  }),
  died: shaped({ failure: isFailure }),
  released: () => true,
};

/**
 * Puts a message of a worker's together. Its process runs a stranger's handler, so all of it is looked at.
 *
 * @param header Parsed JSON.
 * @throws {FrameError} If it is no message of the protocol.
 */
export function readWorkerMessage(header: unknown, segments: SegmentReader): FromWorkerMessage {
  const type = (header as { type?: unknown } | null)?.type;
  const isKnown = typeof type === "string" && Object.hasOwn(SHAPE_BY_TYPE, type);
  if (!isKnown || !SHAPE_BY_TYPE[type as FromWorkerMessage["type"]](header)) {
    throw new FrameError("Cannot read a frame: its header is no message of a worker");
  }
  const message = header as FromWorkerMessage;
  if (message.type === "chunk") takeBody(message.chunk, segments);
  else if (message.type === "result") {
    if ((message.answers === undefined) === (message.error === undefined)) {
      throw new FrameError("Cannot read a frame: a result must have either answers or an error");
    }
    for (const answer of message.answers ?? []) takeBody(answer, segments);
  }
  return message;
}

function takeBody(answer: { body: unknown }, segments: SegmentReader): void {
  answer.body = segments.take(answer.body);
}

function restoreNumbers(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(restoreNumbers);
  if (typeof value !== "object" || value === null) return value;
  if (Object.hasOwn(value, NUMBER_KEY)) {
    return Number((value as Record<string, unknown>)[NUMBER_KEY]);
  }
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [key, restoreNumbers(member)]),
  );
}
