import {
  ProxyTracerProvider,
  type Span,
  type SpanContext,
  SpanStatusCode,
  trace,
  TraceFlags,
  type Tracer,
} from "@opentelemetry/api";
import { readTelemetryConfig, type TelemetryConfig } from "../config/mod.ts";
import type { Answer, PoolEvents, PredictCall } from "../scheduling/mod.ts";
import { traceBatch, traceLostBatch } from "./_batch_spans.ts";
import { maskSpans } from "./_mask_spans.ts";
import { type ProgramSpans, startProgramSpans, type TraceExchange } from "./_program_spans.ts";
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
  /** Makes the spans of what this server asks of others; absent where the runtime makes them. */
  readonly traceExchange?: TraceExchange;
  /** Sends what has not been sent, where the runtime does not do so when the process ends. */
  close(): Promise<void>;
}

/**
 * Finds out whether this process is traced, which the operator says by `OTEL_DENO=true`.
 *
 * The runtime makes the span of each request, takes `traceparent` over and sends everything off. A compiled
 * program's runtime cannot be told so when it starts: there OpenTelemetry's SDK does the same, and is loaded
 * only then. Inside of a prediction's span this adds `queue` and `batch`, and within the batch `preprocess`, `inference` and
 * `postprocess`, as far as the handler tells them. They are made after the fact, of the times that the
 * scheduler keeps anyway. Secrets of URLs are masked as they are in the logs.
 *
 * @param version Of this server, for the spans' scope.
 * @param readConfig What the environment says; asked only where the runtime traces nothing.
 * @returns `undefined` when nobody traces: then there is nothing to wrap, and nothing is paid for.
 * @throws {ConfigError} If traces are to leave in a way that there is not.
 */
export async function createTracing(
  version: string,
  readConfig: () => TelemetryConfig | undefined = readTelemetryConfig,
): Promise<Tracing | undefined> {
  const isRuntimes = !(trace.getTracerProvider() instanceof ProxyTracerProvider);
  const config = isRuntimes ? undefined : readConfig();
  if (!isRuntimes && config === undefined) return undefined;
  const own = config && await startProgramSpans(config, { name: TRACER_NAME, version });
  return createTracingWith(own?.tracer ?? trace.getTracer(TRACER_NAME, version), own);
}

function createTracingWith(tracer: Tracer, own: ProgramSpans | undefined): Tracing {
  maskSpans(tracer);
  const parents = new WeakMap<PredictCall, SpanContext>();
  return {
    ...(own && { traceExchange: own.traceExchange }),
    close: () => own?.close() ?? Promise.resolve(),
    traceRequests(app) {
      const named: typeof app = (request, connection) => {
        nameSpan(trace.getActiveSpan(), request);
        return app(request, connection);
      };
      return own?.traceRequests(named) ?? named;
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
