import {
  type Context,
  type HandlerData,
  type HandlerEntry,
  type ModelContext,
  PredictionException,
} from "../../../handlers/mod.ts";
import type {
  WireAnswer,
  WireBatch,
  WireBatchError,
  WireItem,
  WireMetric,
  WireStages,
} from "../protocol.ts";
import { shorten } from "../shorten.ts";
import { BatchContext } from "./batch_context.ts";
import { decodeRow } from "./decode_row.ts";
import { describeError, isOutOfMemory } from "./describe_error.ts";
import { encodeAnswer } from "./encode_answer.ts";
import type { Envelope } from "./envelope.ts";
import { openBatch } from "./envelope_batch.ts";
import { HandlerRequest } from "./handler_request.ts";

/** Characters of what a handler says to the clients of a batch that it rejects; the rest is cut. */
const MAX_REJECTION_LENGTH = 65_536;

/** A batch's result, without its number and duration. */
export interface BatchOutcome {
  readonly answers?: WireAnswer[];
  readonly error?: WireBatchError;
  readonly metrics?: readonly WireMetric[];
  readonly stages?: WireStages;
}

/** What holds for every batch of a model. */
export interface BatchRules {
  /** Whether bodies are decoded by their content type before the handler sees them. */
  readonly decodesRequests: boolean;
  /** The largest answer of one request. */
  readonly maxResponseBytes: number;
  /** What requests are wrapped in. */
  readonly envelope?: Envelope;
}

/**
 * Runs one batch through the handler; every failure becomes the answer that upstream documents for it.
 *
 * @param onContext Told of the batch's context before the handler sees it.
 */
export async function runBatch(
  batch: WireBatch,
  entry: HandlerEntry,
  model: ModelContext,
  onContext: (context: Context) => void,
  onWarning: (text: string) => void,
  rules: BatchRules,
): Promise<BatchOutcome> {
  const { modelDir } = model.systemProperties;
  const { items, kind } = batch;
  const requests = items.map((item) => new HandlerRequest(item, kind));
  const envelope = kind === "describe" ? undefined : rules.envelope;
  const decodes = rules.decodesRequests && envelope?.readsJson !== true;
  const decode = (item: WireItem): HandlerData => decodeRow(item, onWarning, decodes);
  const opened = envelope && openBatch(envelope, items.map(decode), requests, model, kind);
  const context = new BatchContext(model, opened?.requests ?? requests, kind);
  onContext(context);
  // What ran before, while the handler was loaded, is no part of this batch.
  context.takeStages();
  let results: unknown;
  try {
    results = opened === undefined
      ? await entry.handle(items.map(decode), context)
      // Handlers of envelopes take what the envelope gives.
      : opened.rows.length === 0
      ? []
      : await entry.handle(opened.rows as HandlerData[], context);
  } catch (error) {
    return { error: toBatchError(error, modelDir), metrics: takeMetrics(context) };
  } finally {
    context.close();
  }
  const metrics = takeMetrics(context);
  const stages = context.takeStages();
  warnOfFailures(context, modelDir, onWarning);
  if (!Array.isArray(results)) return { error: refuse("Invalid model predict output"), metrics };
  try {
    const encoded = opened !== undefined
      ? opened.encode(results, context)
      : results.length === items.length
      ? encodeResults(withRejections(results, context), context)
      : undefined;
    if (encoded === undefined) {
      return { error: refuse("number of batch response mismatched"), metrics };
    }
    const answers = encoded.map((answer) => limitAnswer(answer, rules));
    return { answers, metrics, stages };
  } catch (error) {
    const text = "Unsupported model output data type.";
    return { error: { ...refuse(text), failure: describeError(error, modelDir) }, metrics };
  }
}

/**
 * Results in which a refused request's is its refusal, whatever the handler made of it: a class that changes
 * what `BaseHandler` answers need not tell refusals from answers.
 */
function withRejections(results: readonly unknown[], { rejections }: Context): readonly unknown[] {
  if (rejections === null) return results;
  return results.map((result, index) => rejections.get(index)?.body ?? result);
}

/** Encodes one result a request, with the status and the headers that its context holds. */
export function encodeResults(results: readonly unknown[], context: Context): WireAnswer[] {
  return results.map((result, index) => {
    const { bytes, contentType } = encodeAnswer(result);
    const { code, phrase } = context.getResponseStatus(index);
    const own = context.getResponseHeaders(index);
    const headers: string[] = [];
    // Handlers in JavaScript give numbers, too.
    for (const [name, value] of own) headers.push(name, String(value));
    if (!own.has("content-type")) headers.push("content-type", contentType);
    return { status: code, statusText: phrase, headers, body: bytes };
  });
}

/** An answer that is too large costs its own request an error, not its neighbours. */
function limitAnswer(answer: WireAnswer, { maxResponseBytes }: BatchRules): WireAnswer {
  const { byteLength } = answer.body;
  if (byteLength <= maxResponseBytes) return answer;
  const message = createTooLargeText(byteLength, maxResponseBytes);
  return { ...answer, body: new Uint8Array(), error: { code: "answer_too_large", message } };
}

export function createTooLargeText(bytes: number, maxResponseBytes: number): string {
  return `Cannot send the answer: max_response_size allows ${maxResponseBytes} bytes, the handler made ${bytes}`;
}

function refuse(message: string): WireBatchError {
  return { code: "prediction_failed", message, failure: { message } };
}

/** Upstream's table of a service's failures. */
function toBatchError(error: unknown, modelDir: string): WireBatchError {
  const failure = describeError(error, modelDir);
  if (error instanceof PredictionException) {
    const message = shorten(String(error.message), MAX_REJECTION_LENGTH);
    return { code: "handler_rejected", message, handlerStatus: error.errorCode, failure };
  }
  if (isOutOfMemory(error)) {
    return { code: "batch_out_of_memory", message: "Out of resources", failure };
  }
  return { code: "prediction_failed", message: "Prediction failed", failure };
}

/** What a client is only told as a failure, its author finds in the log. */
function warnOfFailures(
  context: Context,
  modelDir: string,
  onWarning: (text: string) => void,
): void {
  for (const [index, { cause }] of context.rejections ?? []) {
    if (cause.errorCode < 500) continue;
    const { message, stack } = describeError(cause.cause ?? cause, modelDir);
    onWarning(`Request ${context.getRequestId(index)} failed: ${stack ?? message}`);
  }
  for (const text of context.metrics.takeRejections()) onWarning(text);
}

function takeMetrics(context: Context): readonly WireMetric[] | undefined {
  const records = context.metrics.takeRecords();
  return records.length === 0 ? undefined : records;
}
