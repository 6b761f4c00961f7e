/**
 * The messages between the scheduler and one worker.
 *
 * They are plain data without functions, classes or handles, so a thread's `postMessage`, a pipe or a
 * socket can carry them, and a worker in another language can speak them. Byte arrays own their
 * buffers: a carrier that can transfer them does, see `transferablesOf()`.
 *
 * ```text
 * scheduler                          worker
 *    │ ── load ────────────────────────▶ │  handler imported, session opened
 *    │ ◀──────────── loaded | load_failed │
 *    │ ── predict [batch, batch, …] ────▶ │  in order, one after the other
 *    │ ◀───────── chunk* then result      │  one result a batch, in order
 *    │ ── release ──────────────────────▶ │  session released
 *    │ ◀───────────────────────── released│
 * ```
 *
 * `log` and `died` may come at any time after `load`.
 */

import type { EnvelopeName, GpuProvider } from "../config/mod.ts";

/** One named input of a request. */
export interface WirePart {
  /** The row's key: `body` for a raw body, the field's name otherwise. */
  readonly name: string;
  /** Media type as sent, parameters included; `""` when none was sent. */
  readonly contentType: string;
  /** The array owns its whole buffer. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** True when the bytes are a whole form (multipart or url-encoded) that the worker is to split into parts. */
  readonly isForm?: boolean;
}

/** What is asked of the handler; a batch holds one kind. */
export type WireKind = "predict" | "explain" | "describe";

/** One request of a batch. */
export interface WireItem {
  readonly requestId: string;
  readonly parts: readonly WirePart[];
  /** `[name, value, name, value, …]` */
  readonly headers: readonly string[];
  /** Absent: the handler is told none, as on routes whose paths end with the model. */
  readonly urlPath?: string;
}

export interface WireBatch {
  /** Counts up from 0 for each worker. */
  readonly id: number;
  readonly kind: WireKind;
  readonly items: readonly WireItem[];
}

/** Where the handler comes from. */
export type HandlerSource =
  | { readonly kind: "built_in"; readonly name: string }
  | {
    readonly kind: "file";
    readonly file: string;
    readonly entryName?: string;
    /** One JavaScript module to import in place of the file, where the runtime cannot import that. */
    readonly code?: string;
    /** Why there is no such module: the worker fails with it, as it fails with a file that it cannot import. */
    readonly fault?: HandlerFault;
  };

/** What is wrong with a handler before any of it has run; `file` is relative to the model folder, lines start at 1. */
export interface HandlerFault {
  readonly message: string;
  readonly place?: { readonly file: string; readonly line: number };
}

/** The device a worker is to use. */
export interface DeviceRequest {
  /** The device's index, `null` for the CPU. */
  readonly gpuId: number | null;
  /** False when nothing but the GPU will do: then its absence is a failure instead of a fallback. */
  readonly mayFallBack: boolean;
}

/** How the workers of a server come to a GPU, the same for all of them. */
export interface GpuSetup {
  /** Tried in this order. */
  readonly providers: readonly GpuProvider[];
  /** Why CUDA is not tried; absent: it is. */
  readonly cudaReason?: string;
  /** Absolute paths of libraries below `nativeDir`, opened in this order before CUDA is tried. */
  readonly cudaPreload: readonly string[];
}

/** How the failure of a worker begins that may use nothing but a GPU; each provider's reason follows. */
export const GPU_REFUSAL = "Cannot use the GPU that deviceType asks for: ";

/** What a worker needs to become ready. */
export interface LoadMessage {
  readonly type: "load";
  readonly modelName: string;
  readonly modelVersion: string;
  /** Absolute. */
  readonly modelDir: string;
  /** Stands for the folder of packages where native files are opened; absent: they are opened where they are. */
  readonly nativeDir?: string;
  readonly manifest: unknown;
  readonly modelYamlConfig: unknown;
  readonly handler: HandlerSource;
  readonly needsImages: boolean;
  readonly batchSize: number;
  readonly device: DeviceRequest;
  /** Absent: CUDA's libraries have not been looked for, so that it is not tried. */
  readonly gpu?: GpuSetup;
  readonly intraOpThreads: number;
  readonly serverVersion: string;
  /** Whether bodies are decoded by their content type before the handler sees them. */
  readonly decodesRequests: boolean;
  /** What bodies and answers are wrapped in. */
  readonly envelope?: EnvelopeName;
  /** The largest answer, or chunk of one, that may be sent. */
  readonly maxResponseBytes: number;
  /** What the handler is asked before the worker counts as loaded. */
  readonly warmup: readonly WarmupRequest[];
}

/** A request that a model's author has put into the archive. */
export interface WarmupRequest {
  /** Of the body, `""` for none. */
  readonly contentType: string;
  readonly body: WarmupBody;
  /** How often it is asked, 1 or more. */
  readonly repeat: number;
}

export type WarmupBody =
  | { readonly kind: "text"; readonly text: string }
  /** A file of the model folder, relative to it. */
  | { readonly kind: "file"; readonly file: string };

export interface PredictMessage {
  readonly type: "predict";
  readonly batches: readonly WireBatch[];
}

export interface ReleaseMessage {
  readonly type: "release";
}

export type ToWorkerMessage = LoadMessage | PredictMessage | ReleaseMessage;

/** An error as plain data: a structured clone would drop its class and code. */
export interface WireFailure {
  readonly message: string;
  /** Relative to the model folder. */
  readonly file?: string;
  readonly line?: number;
  /** For the log alone. */
  readonly stack?: string;
}

/** One request's answer. */
export interface WireAnswer {
  readonly status: number;
  readonly statusText: string;
  readonly headers: readonly string[];
  readonly body: Uint8Array<ArrayBuffer>;
  /** Why this one request of the batch gets no answer; the rest of the answer means nothing then. */
  readonly error?: WireAnswerError;
}

export interface WireAnswerError {
  readonly code: "answer_too_large";
  readonly message: string;
}

/** Why a whole batch failed; each request of it gets this. */
export interface WireBatchError {
  readonly code: "batch_out_of_memory" | "handler_rejected" | "prediction_failed";
  readonly message: string;
  /** For `handler_rejected`: the status that the handler asked for. */
  readonly handlerStatus?: number;
  /** For the log alone. */
  readonly failure?: WireFailure;
}

/** One value that a handler measured. */
export interface WireMetric {
  readonly name: string;
  readonly unit: string;
  readonly type: string;
  readonly value: number;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly requestId?: string;
}

export interface LoadedMessage {
  readonly type: "loaded";
  readonly executionProvider: string;
  /** `null` when the session runs on the CPU after all. */
  readonly gpuId: number | null;
  /** Bytes of one row of a single-input model with a fixed row size; absent otherwise. */
  readonly rowBytes?: number;
}

export interface LoadFailedMessage {
  readonly type: "load_failed";
  readonly failure: WireFailure;
  readonly isOutOfMemory: boolean;
}

/** Where the time of a batch went in the handler; what a handler does not tell is left out. */
export interface WireStages {
  readonly preprocessMs?: number;
  /** For a handler that tells no stages: the time in which the model ran. */
  readonly inferenceMs?: number;
  readonly postprocessMs?: number;
}

export interface ResultMessage {
  readonly type: "result";
  readonly batchId: number;
  /** Time that the worker spent on this batch alone. */
  readonly busyMs: number;
  readonly answers?: readonly WireAnswer[];
  /** Set exactly when `answers` is not. */
  readonly error?: WireBatchError;
  readonly metrics?: readonly WireMetric[];
  readonly stages?: WireStages;
}

/** A piece of one request's answer, ahead of the batch's result. */
export interface ChunkMessage {
  readonly type: "chunk";
  readonly batchId: number;
  /** The request's place in its batch. */
  readonly index: number;
  readonly chunk: WireAnswer;
}

export interface LogMessage {
  readonly type: "log";
  /** Who says it: what the handler prints, or what the worker itself has to tell. */
  readonly source: "handler" | "worker";
  readonly level: "debug" | "info" | "warning" | "error";
  readonly message: string;
  /** The requests of the batch that was being run; absent between batches. */
  readonly requestIds?: readonly string[];
}

/** The worker cannot go on: the handler ended it, or threw where nobody catches. It still answers `release`. */
export interface DiedMessage {
  readonly type: "died";
  readonly failure: WireFailure;
}

export interface ReleasedMessage {
  readonly type: "released";
}

export type FromWorkerMessage =
  | LoadedMessage
  | LoadFailedMessage
  | ResultMessage
  | ChunkMessage
  | LogMessage
  | DiedMessage
  | ReleasedMessage;

/** The buffers of a message that a carrier may move instead of copying. */
export function transferablesOf(message: ToWorkerMessage | FromWorkerMessage): ArrayBuffer[] {
  const buffers: ArrayBuffer[] = [];
  switch (message.type) {
    case "predict":
      for (const batch of message.batches) {
        for (const item of batch.items) {
          for (const part of item.parts) buffers.push(part.bytes.buffer);
        }
      }
      break;
    case "result":
      for (const answer of message.answers ?? []) buffers.push(answer.body.buffer);
      break;
    case "chunk":
      buffers.push(message.chunk.body.buffer);
      break;
  }
  return buffers;
}
