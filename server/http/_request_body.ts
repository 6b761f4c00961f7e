import type { BodyDeadlines } from "./body_deadlines.ts";
import { toJsonResponse, toTooLargeResponse } from "./_responses.ts";

/** Why a body was not read to its end; `cut_off` when the client went away. */
export type BodyRefusal = "too_large" | "too_slow" | "cut_off";

export interface ReadBodyOptions {
  /** Inclusive. */
  readonly maxBodyBytes: number;
  readonly bodyDeadlines: BodyDeadlines;
}

const FIRST_BUFFER_BYTES = 64 * 1024;

/**
 * Reads a request's bytes for the routes, never more of them than the limit allows.
 *
 * A declared length above the limit is refused before anything is read; a chunked body is counted while
 * it is read, and costs at most twice its size however small its chunks are. Nothing is decoded.
 */
export function readBody(
  request: Request,
  options: ReadBodyOptions,
): Promise<Uint8Array<ArrayBuffer> | BodyRefusal> {
  const declared = request.headers.get("content-length");
  if (declared === null) return readCounted(request.body, options);
  if (Number(declared) > options.maxBodyBytes) return Promise.resolve("too_large");
  return new Promise((resolve) => {
    const open = options.bodyDeadlines.open(() => resolve("too_slow"));
    request.arrayBuffer().then((buffer) => {
      options.bodyDeadlines.close(open);
      resolve(new Uint8Array(buffer));
    }, () => {
      options.bodyDeadlines.close(open);
      resolve("cut_off");
    });
  });
}

async function readCounted(
  body: ReadableStream<Uint8Array<ArrayBuffer>> | null,
  options: ReadBodyOptions,
): Promise<Uint8Array<ArrayBuffer> | BodyRefusal> {
  if (body === null) return new Uint8Array(0);
  const reader = body.getReader();
  let refusal: BodyRefusal | undefined;
  const refuse = (reason: BodyRefusal): void => {
    refusal = reason;
    reader.cancel().catch(() => {});
  };
  const open = options.bodyDeadlines.open(() => refuse("too_slow"));
  let buffer = new ArrayBuffer(FIRST_BUFFER_BYTES);
  let size = 0;
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (refusal !== undefined) return refusal;
      if (done) return new Uint8Array(buffer.transfer(size));
      if (size + value.length > options.maxBodyBytes) {
        refuse("too_large");
        return "too_large";
      }
      if (size + value.length > buffer.byteLength) {
        buffer = buffer.transfer(Math.max(size + value.length, 2 * buffer.byteLength));
      }
      new Uint8Array(buffer, size).set(value);
      size += value.length;
    }
  } catch {
    return refusal ?? "cut_off";
  } finally {
    options.bodyDeadlines.close(open);
  }
}

/** The answer to a body that was not read to its end. */
export function toRefusalResponse(refusal: BodyRefusal): Response {
  switch (refusal) {
    case "too_large":
      return toTooLargeResponse();
    case "too_slow": {
      const message = "Cannot read the request: its body did not arrive in time";
      return toJsonResponse({ code: 408, type: "RequestTimeoutException", message }, 408);
    }
    case "cut_off": {
      const message = "Cannot read the request: its body ended early";
      return toJsonResponse({ code: 400, type: "BadRequestException", message }, 400);
    }
  }
}
