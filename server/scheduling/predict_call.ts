/** The one call under every protocol: a request for one model in, one answer or a stream of chunks out. */

import type { WireKind, WirePart } from "./protocol.ts";

/** A request to one model version. */
export interface PredictCall {
  readonly modelName: string;
  /** The default version when absent. */
  readonly modelVersion?: string;
  /** Set by the registry once it has chosen: the version that answers, or fails. */
  servedVersion?: string;
  readonly kind: WireKind;
  readonly requestId: string;
  /** The bytes' buffers are moved to the worker and unusable afterwards. */
  readonly parts: readonly WirePart[];
  /** Header names and values in turn: `[name, value, name, value, …]`. */
  readonly headers: readonly string[];
  /**
   * What follows the version in the path, without a leading slash, `""` when nothing does; absent on
   * routes whose paths end with the model.
   */
  readonly urlPath?: string;
  /**
   * Aborted when the client has gone: the request leaves the queue, or its answer is dropped. Give a
   * getter: making the signal costs as much as the rest of a small request, so it is read only for
   * requests that have waited a while.
   */
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
