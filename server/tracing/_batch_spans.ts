import {
  type Attributes,
  type Context,
  type Link,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanStatusCode,
  trace,
  type Tracer,
} from "@opentelemetry/api";
import type {
  BatchReport,
  LostBatchReport,
  PredictCall,
  ReportedRequest,
  WireStages,
} from "../scheduling/mod.ts";

/** What a batch's report does not say of itself. */
export interface BatchOrigin {
  readonly tracer: Tracer;
  /** The spans that the predictions were asked in; those that are not traced have none. */
  readonly parents: WeakMap<PredictCall, SpanContext>;
  readonly modelName: string;
  readonly modelVersion: string;
  readonly workerId: string;
}

/** A request whose trace is recorded. */
interface TracedRequest {
  readonly request: ReportedRequest;
  readonly parent: SpanContext;
}

/**
 * Makes the spans of one batch: each of its requests gets its own, as a span has one trace only.
 *
 * A request's `batch` span links the spans of the requests that it shared the batch with.
 */
export function traceBatch(report: BatchReport, origin: BatchOrigin): void {
  const { doneAtMs, result: { error, stages, busyMs } } = report;
  traceRequests({
    report,
    endMs: doneAtMs,
    error: error && {
      code: error.code,
      reason: error.failure?.message ?? error.message,
      message: error.message,
    },
    traceInside: (tracer, context, attributes) => {
      const startMs = Math.max(report.sentAtMs, doneAtMs - busyMs);
      traceStages(tracer, context, { startMs, endMs: doneAtMs, stages }, attributes);
    },
  }, origin);
}

/** The same for a batch that was lost with its worker: where its time went nobody knows. */
export function traceLostBatch(report: LostBatchReport, origin: BatchOrigin): void {
  traceRequests({
    report,
    endMs: report.lostAtMs,
    error: { code: "worker_died", reason: report.failure.message, message: "Worker died." },
  }, origin);
}

/** One batch, however it ended. */
interface EndedBatch {
  readonly report: Pick<BatchReport, "requests" | "closedBy" | "sentAtMs">;
  readonly endMs: number;
  readonly error?: { readonly code: string; readonly reason: string; readonly message: string };
  /** Makes the spans inside of the batch's. */
  readonly traceInside?: (tracer: Tracer, context: Context, attributes: Attributes) => void;
}

function traceRequests(batch: EndedBatch, origin: BatchOrigin): void {
  const traced: TracedRequest[] = [];
  for (const request of batch.report.requests) {
    const parent = origin.parents.get(request.call);
    if (parent !== undefined) traced.push({ request, parent });
  }
  for (const one of traced) {
    const links = traced.filter((other) => other !== one).map(({ parent }) => ({
      context: parent,
    }));
    traceRequest(one, links, batch, origin);
  }
}

function traceRequest(
  { request, parent }: TracedRequest,
  links: Link[],
  { report, endMs, error, traceInside }: EndedBatch,
  { tracer, modelName, modelVersion, workerId }: BatchOrigin,
): void {
  const { requests, closedBy, sentAtMs } = report;
  const attributes: Attributes = {
    "marina.model.name": modelName,
    "marina.model.version": modelVersion,
    "marina.request.id": request.call.requestId,
  };
  const context = trace.setSpanContext(ROOT_CONTEXT, parent);
  const { enqueuedAtMs } = request;
  tracer.startSpan("queue", { startTime: enqueuedAtMs, attributes }, context).end(sentAtMs);
  const batch = tracer.startSpan("batch", {
    startTime: sentAtMs,
    links,
    attributes: {
      ...attributes,
      "marina.batch.size": requests.length,
      "marina.batch.rows": requests.reduce((sum, { rows }) => sum + rows, 0),
      "marina.batch.closed_by": closedBy,
      "marina.worker.id": workerId,
    },
  }, context);
  if (error !== undefined) {
    const { code, reason, message } = error;
    batch.recordException({ name: code, message: reason });
    batch.setStatus({ code: SpanStatusCode.ERROR, message });
  }
  traceInside?.(tracer, trace.setSpan(context, batch), attributes);
  batch.end(endMs);
}

/** Stages follow each other from the moment when the worker began; what it does not tell is `inference` alone. */
function traceStages(
  tracer: Tracer,
  context: Context,
  { startMs, endMs, stages }: {
    readonly startMs: number;
    readonly endMs: number;
    readonly stages: WireStages | undefined;
  },
  attributes: Attributes,
): void {
  let startTime = startMs;
  for (const [name, durationMs] of toStages(stages, endMs - startMs)) {
    const endTime = Math.min(startTime + durationMs, endMs);
    const span: Span = tracer.startSpan(name, { startTime, attributes }, context);
    span.end(endTime);
    startTime = endTime;
  }
}

function toStages(stages: WireStages | undefined, busyMs: number): [string, number][] {
  const { preprocessMs, inferenceMs, postprocessMs } = stages ?? {};
  const all: [string, number | undefined][] = [
    ["preprocess", preprocessMs],
    ["inference", inferenceMs],
    ["postprocess", postprocessMs],
  ];
  const told = all.filter((stage): stage is [string, number] => stage[1] !== undefined);
  return told.length === 0 ? [["inference", busyMs]] : told;
}
