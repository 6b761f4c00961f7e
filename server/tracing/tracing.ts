import {
  ProxyTracerProvider,
  type Span,
  type SpanContext,
  SpanStatusCode,
  trace,
  TraceFlags,
} from "@opentelemetry/api";
import type { Answer, PoolEvents, PredictCall } from "../scheduling/mod.ts";
import { traceBatch, traceLostBatch } from "./_batch_spans.ts";
import { maskSpans } from "./_mask_spans.ts";
import { toRoute } from "./route.ts";

const TRACER_NAME = "marina";

/** What answers predictions. */
interface Predictor {
  predict(call: PredictCall): Promise<Answer>;
}

type App<Connection> = (
  request: Request,
  connection?: Connection,
) => Response | Promise<Response>;

/** What traces need to see of a server. */
export interface Tracing {
  /** The same app, whose request spans are named after their routes. */
  traceRequests<Connection>(app: App<Connection>): App<Connection>;
  /** The same models; each prediction is remembered together with the span it was asked in. */
  tracePredictions<Models extends Predictor>(models: Models): Models;
  /** Makes the spans of the predictions of one model version, once their batch is done. */
  createEvents(modelName: string, modelVersion: string): PoolEvents;
}

/**
 * Finds out whether this process is traced, which the operator says by `OTEL_DENO=true`.
 *
 * The runtime makes the span of each request, takes `traceparent` over and sends everything off. Inside
 * of a prediction's span this adds `queue` and `batch`, and within the batch `preprocess`, `inference` and
 * `postprocess`, as far as the handler tells them. They are made after the fact, of the times that the
 * scheduler keeps anyway. Secrets of URLs are masked as they are in the logs.
 *
 * @param version Of this server, for the spans' scope.
 * @returns `undefined` when nobody traces: then there is nothing to wrap, and nothing is paid for.
 */
export function createTracing(version: string): Tracing | undefined {
  if (trace.getTracerProvider() instanceof ProxyTracerProvider) return undefined;
  const tracer = trace.getTracer(TRACER_NAME, version);
  maskSpans(tracer);
  const parents = new WeakMap<PredictCall, SpanContext>();
  return {
    traceRequests: (app) => (request, connection) => {
      nameSpan(trace.getActiveSpan(), request);
      return app(request, connection);
    },
    tracePredictions: (models) =>
      withPredict(models, async (call) => {
        const span = trace.getActiveSpan();
        if (span === undefined || !isSampled(span)) return await models.predict(call);
        parents.set(call, span.spanContext());
        span.setAttributes({
          "marina.request.id": call.requestId,
          "marina.model.name": call.modelName,
        });
        try {
          return await models.predict(call);
        } catch (error) {
          recordError(span, error);
          throw error;
        }
      }),
    createEvents(modelName, modelVersion) {
      const createOrigin = (workerId: string) => ({
        tracer,
        parents,
        modelName,
        modelVersion,
        workerId,
      });
      return {
        onWorkerReady: () => {},
        onWorkerFailure: () => {},
        onWorkerLog: () => {},
        onBatchDone: ({ id }, report) => traceBatch(report, createOrigin(id)),
        onBatchLost: ({ id }, report) => traceLostBatch(report, createOrigin(id)),
      };
    },
  };
}

function isSampled(span: Span): boolean {
  return (span.spanContext().traceFlags & TraceFlags.SAMPLED) !== 0;
}

function nameSpan(span: Span | undefined, { method, url }: Request): void {
  const route = span === undefined ? undefined : toRoute(url);
  if (span === undefined || route === undefined) return;
  span.updateName(`${method} ${route}`);
  span.setAttribute("http.route", route);
}

function recordError(span: Span, error: unknown): void {
  const exception = error instanceof Error ? error : new Error(String(error));
  span.recordException(exception);
  span.setStatus({ code: SpanStatusCode.ERROR, message: exception.message });
}

/** The same object with another `predict`; its other methods still run on the object itself. */
function withPredict<Models extends Predictor>(models: Models, predict: Models["predict"]): Models {
  return new Proxy(models, {
    get(target, name) {
      if (name === "predict") return predict;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}
