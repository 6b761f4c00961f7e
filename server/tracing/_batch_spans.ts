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
import type { BatchReport, PredictCall, ReportedRequest, WireStages } from "../scheduling/mod.ts";

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
  const traced: TracedRequest[] = [];
  for (const request of report.requests) {
    const parent = origin.parents.get(request.call);
    if (parent !== undefined) traced.push({ request, parent });
  }
  for (const one of traced) {
    const links = traced.filter((other) => other !== one).map(({ parent }) => ({
      context: parent,
    }));
    traceRequest(one, links, report, origin);
  }
}

function traceRequest(
  { request, parent }: TracedRequest,
  links: Link[],
  report: BatchReport,
  { tracer, modelName, modelVersion, workerId }: BatchOrigin,
): void {
  const { requests, closedBy, sentAtMs, doneAtMs, result } = report;
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
  if (result.error !== undefined) {
    const { message, failure } = result.error;
    batch.recordException({ name: result.error.code, message: failure?.message ?? message });
    batch.setStatus({ code: SpanStatusCode.ERROR, message });
  }
  traceStages(tracer, trace.setSpan(context, batch), report, attributes);
  batch.end(doneAtMs);
}

/** Stages follow each other from the moment when the worker began; what it does not tell is `inference` alone. */
function traceStages(
  tracer: Tracer,
  context: Context,
  { sentAtMs, doneAtMs, result }: BatchReport,
  attributes: Attributes,
): void {
  let startTime = Math.max(sentAtMs, doneAtMs - result.busyMs);
  for (const [name, durationMs] of toStages(result.stages, doneAtMs - startTime)) {
    const endTime = Math.min(startTime + durationMs, doneAtMs);
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
