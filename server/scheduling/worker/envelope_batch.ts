/** A batch whose requests are wrapped: rows for the handler out of it, one answer a request back. */
import {
  type Context,
  type HandlerData,
  type ModelContext,
  PredictionException,
  type RequestContext,
  type RequestKind,
} from "../../../handlers/mod.ts";
import type { WireAnswer } from "../protocol.ts";
import { encodeAnswer } from "./encode_answer.ts";
import type { Envelope, OpenedRequest } from "./envelope.ts";
import { isJsonObject } from "./envelope_body.ts";

/** One request's place among the rows, or why it has none. */
type Slot =
  | { readonly opened: OpenedRequest; readonly start: number }
  | { readonly refusal: PredictionException };

/** The requests of a batch, opened; a request that has not the envelope's form costs its neighbours nothing. */
export class OpenedBatch {
  readonly #slots: readonly Slot[];
  readonly #readsJson: boolean;
  /** What the handler gets; empty when no request could be opened. */
  readonly rows: readonly unknown[];
  /** The request of each row. */
  readonly requests: readonly RequestContext[];

  constructor(
    slots: readonly Slot[],
    rows: readonly unknown[],
    requests: readonly RequestContext[],
    readsJson: boolean,
  ) {
    this.#slots = slots;
    this.#readsJson = readsJson;
    this.rows = rows;
    this.requests = requests;
  }

  /**
   * One answer for each request, with the status and the headers that the handler gave its rows. A row that
   * the handler refused refuses its whole request, in the handler's words.
   *
   * @param results The handler's; where the batch holds one request, of any number.
   * @returns `undefined` when nobody can say whose results they are.
   */
  encode(results: readonly unknown[], context: Context): WireAnswer[] | undefined {
    const isAlone = this.#slots.length === 1;
    if (results.length !== this.rows.length && !isAlone) return undefined;
    return this.#slots.map((slot) => {
      if ("refusal" in slot) return toRefusal(slot.refusal);
      const { opened, start } = slot;
      const end = start + opened.rows.length;
      const own = isAlone ? results : results.slice(start, end);
      for (let row = start; row < end; row++) {
        if (context.getResponseStatus(row).code < 400) continue;
        const refusal = this.#readsJson ? withErrorText(results[row]) : results[row];
        return encodeRows(refusal, context, row, row + 1);
      }
      return encodeRows(opened.wrap(own), context, start, end);
    });
  }
}

/** Opens every request of a batch. */
export function openBatch(
  envelope: Envelope,
  data: readonly HandlerData[],
  requests: readonly RequestContext[],
  { modelName, modelVersion }: ModelContext,
  kind: RequestKind,
): OpenedBatch {
  const rows: unknown[] = [];
  const rowRequests: RequestContext[] = [];
  const slots = data.map((row, i): Slot => {
    const request = requests[i]!;
    try {
      const opened = envelope.open(row, { request, kind, modelName, modelVersion });
      const start = rows.length;
      for (const one of opened.rows) {
        rows.push(one);
        rowRequests.push(request);
      }
      return { opened, start };
    } catch (error) {
      const isTold = error instanceof PredictionException;
      return {
        refusal: isTold
          ? error
          : new PredictionException("Prediction failed", 503, { cause: error }),
      };
    }
  });
  return new OpenedBatch(slots, rows, rowRequests, envelope.readsJson);
}

function encodeRows(value: unknown, context: Context, start: number, end: number): WireAnswer {
  const { bytes, contentType } = encodeAnswer(value);
  const { code, phrase } = context.getResponseStatus(start);
  const own = new Map<string, string>();
  for (let row = start; row < end; row++) {
    for (const [name, text] of context.getResponseHeaders(row)) own.set(name, text);
  }
  if (!own.has("content-type")) own.set("content-type", contentType);
  return { status: code, statusText: phrase, headers: [...own].flat(), body: bytes };
}

function toRefusal({ message, errorCode }: PredictionException): WireAnswer {
  const type = errorCode === 400 ? "BadRequestException" : "InternalServerException";
  const { bytes, contentType } = encodeAnswer({ code: errorCode, type, message, error: message });
  return {
    status: errorCode,
    statusText: "",
    headers: ["content-type", contentType],
    body: bytes,
  };
}

/** A refusal in the server's own form says it where KServe's clients look, too. */
function withErrorText(value: unknown): unknown {
  if (!isJsonObject(value) || typeof value.message !== "string" || "error" in value) return value;
  return { ...value, error: value.message };
}
