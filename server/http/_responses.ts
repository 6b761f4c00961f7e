/** The forms in which this server answers: framework JSON, errors, and handlers' answers. */
import { ServeError } from "../errors.ts";
import type { Answer } from "../models/mod.ts";
import { markRequestId, markStreamed } from "./exchange.ts";
import { toRetryAfterS, toWireForm } from "./_wire_forms.ts";

/** Sent for what is not ours to tell; the log has the rest under the request's id. */
const UNEXPECTED_FAILURE_MESSAGE = "Cannot answer the request: the server failed, its log says why";

/** The odd separator and the zone are upstream's, and its clients compare them. */
const CACHE_CONTROL = "no-cache; no-store, must-revalidate, private";
const EXPIRES = "Thu, 01 Jan 1970 00:00:00 UTC";

const RESOURCE_NOT_FOUND_MESSAGE = "Requested resource is not found, please refer to API document.";
const METHOD_NOT_ALLOWED_MESSAGE = "Requested method is not allowed, please refer to API document.";

/** Statuses that carry no body by definition; `Response` refuses one. */
const BODILESS_STATUSES: ReadonlySet<number> = new Set([204, 205, 304]);

/** What a handler may not set: the server's own headers, and those that frame the message. */
const RESERVED_HEADERS: ReadonlySet<string> = new Set([
  "cache-control",
  "connection",
  "content-length",
  "expires",
  "keep-alive",
  "pragma",
  "transfer-encoding",
  "upgrade",
  "x-model-version",
  "x-request-id",
]);

/** Told of each failure that a client is not told of in full. */
export type ReportFailure = (error: unknown, requestId: string) => void;

export function createResourceNotFound(): ServeError {
  return new ServeError("resource_not_found", RESOURCE_NOT_FOUND_MESSAGE);
}

export function createMethodNotAllowed(): ServeError {
  return new ServeError("method_not_allowed", METHOD_NOT_ALLOWED_MESSAGE);
}

/** A success that has nothing to say: upstream's empty text and the line feed that ends each of its texts. */
export function toLineFeedResponse(): Response {
  const response = new Response("\n");
  response.headers.set("content-type", "application/json");
  addFixedHeaders(response, crypto.randomUUID(), 200);
  return response;
}

/** Framework JSON: two spaces, one line feed at the end, absent fields left out. */
export function toJsonResponse(value: unknown, status = 200, requestId?: string): Response {
  const text = BODILESS_STATUSES.has(status) ? null : `${JSON.stringify(value, null, 2)}\n`;
  const response = new Response(text, { status });
  response.headers.set("content-type", "application/json");
  addFixedHeaders(response, requestId ?? crypto.randomUUID(), status);
  return response;
}

/** `{"status": text}`, upstream's form for what went well and for health. */
export function toStatusResponse(text: string, status = 200): Response {
  return toJsonResponse({ status: text }, status);
}

/** Upstream's error form; a stranger's error becomes a fixed sentence, and goes to `report` whole. */
export function toErrorResponse(
  error: unknown,
  report: ReportFailure,
  requestId: string = crypto.randomUUID(),
): Response {
  if (!(error instanceof ServeError)) {
    report(error, requestId);
    const body = {
      code: 500,
      type: "InternalServerException",
      message: UNEXPECTED_FAILURE_MESSAGE,
    };
    return toJsonResponse(body, 500, requestId);
  }
  if (error.code === "request_too_large") return toTooLargeResponse();
  const { status, type } = toWireForm(error);
  if (status >= 500 && error.cause !== undefined) report(error, requestId);
  const response = toJsonResponse(
    { code: status, type, message: error.message },
    status,
    requestId,
  );
  const retryAfterS = toRetryAfterS(error);
  if (retryAfterS !== undefined) response.headers.set("retry-after", String(retryAfterS));
  return response;
}

/** Upstream's bare 413. It has no `connection` header of ours: the runtime adds one for an unread body. */
export function toTooLargeResponse(): Response {
  return new Response(null, { status: 413, headers: [["content-length", "0"]] });
}

/**
 * What a handler answered, under the server's own fixed headers.
 *
 * Headers are appended one by one: given to the constructor they cost five times as much.
 */
export function toAnswerResponse(answer: Answer, requestId: string): Response {
  const { status, statusText, headers: sent } = answer;
  if (!(status >= 200 && status <= 599)) {
    throw new RangeError(`Cannot send a handler's answer: status must be 200–599, found ${status}`);
  }
  const response = status === 200 && statusText === ""
    ? new Response(answer.body)
    : new Response(BODILESS_STATUSES.has(status) ? null : answer.body, { status, statusText });
  const { headers } = response;
  for (let i = 0; i < sent.length; i += 2) {
    const name = sent[i]!;
    if (!RESERVED_HEADERS.has(name.toLowerCase())) headers.append(name, sent[i + 1]!);
  }
  addFixedHeaders(response, requestId, status);
  if (answer.body instanceof ReadableStream) markStreamed(response);
  return response;
}

function addFixedHeaders(response: Response, requestId: string, status: number): void {
  const { headers } = response;
  markRequestId(response, requestId);
  headers.append("x-request-id", requestId);
  headers.append("pragma", "no-cache");
  headers.append("cache-control", CACHE_CONTROL);
  headers.append("expires", EXPIRES);
  if (status >= 400) headers.append("connection", "close");
}
