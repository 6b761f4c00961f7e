/** The one call under every protocol: a request for one model in, one answer or a stream of chunks out. */

/** One named input of a request. */
export interface Part {
  /** The row's key: `body` for a raw body, the field's name otherwise. */
  readonly name: string;
  /** Media type as sent, parameters included; `""` when none was sent. */
  readonly contentType: string;
  /** The bytes; their buffer is transferred to the worker and unusable afterwards. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** True when the bytes are a whole form (multipart or url-encoded) that the worker is to split into parts. */
  readonly isForm?: boolean;
}

/** What a request asks of the handler. */
export type PredictKind = "predict" | "explain" | "describe";

/** A request to one model version. */
export interface PredictCall {
  readonly modelName: string;
  /** The default version when absent. */
  readonly modelVersion?: string;
  readonly kind: PredictKind;
  readonly requestId: string;
  readonly parts: readonly Part[];
  /** Header names and values in turn: `[name, value, name, value, …]`. */
  readonly headers: readonly string[];
  /** What follows the version in the path, without a leading slash; `""` when nothing does. */
  readonly urlPath: string;
  /** Aborted when the client has gone: the request leaves the queue, or its answer is dropped. */
  readonly signal: AbortSignal;
}

/** What goes back to the client. */
export interface Answer {
  /** As HTTP counts, 200 unless the handler set another. */
  readonly status: number;
  /** The handler's own reason phrase, `""` otherwise. */
  readonly statusText: string;
  /** Header names and values in turn; `content-type` is always among them. */
  readonly headers: readonly string[];
  /** The whole body, or its chunks as the handler makes them. */
  readonly body: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array<ArrayBuffer>>;
}
