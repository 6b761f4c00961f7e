/**
 * What a handler throws to answer a request with a status and a text of its own.
 *
 * Thrown from `handle` it answers every request of the batch; to refuse one request alone, hand it to
 * `Context.rejectRequest` (which `BaseHandler.mapRequests` does). The message goes to the client as it is.
 *
 * @example
 * ```ts
 * import { strictEqual } from "node:assert";
 * import { PredictionException } from "./prediction_exception.ts";
 *
 * strictEqual(new PredictionException("Cannot read the image", 400).errorCode, 400);
 * strictEqual(new PredictionException("Cannot reach the index").errorCode, 500);
 * ```
 */
export class PredictionException extends Error {
  override readonly name = "PredictionException";
  /** The answer's status, 200–599. */
  readonly errorCode: number;

  /** @throws {RangeError} If `errorCode` is no whole number from 200 to 599. */
  constructor(message: string, errorCode = 500, options?: ErrorOptions) {
    super(message, options);
    assertStatusCode(errorCode);
    this.errorCode = errorCode;
  }
}

/** Throws a `RangeError` unless `code` can be the status of an answer. */
export function assertStatusCode(code: number): void {
  if (!Number.isInteger(code) || code < 200 || code > 599) {
    throw new RangeError(
      `Cannot answer with status ${code}: expected a whole number from 200 to 599`,
    );
  }
}
