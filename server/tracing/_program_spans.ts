/** The spans that a runtime with telemetry makes by itself, for a program whose runtime has none. */
import {
  context,
  diag,
  DiagLogLevel,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
  type Tracer,
} from "@opentelemetry/api";
import type { TelemetryConfig } from "../config/mod.ts";
import { createLog } from "../logging/mod.ts";
import type { Sdk } from "./_sdk.ts";
import { toUrlAttributes } from "./_url_attributes.ts";

type App<Connection> = (
  request: Request,
  connection?: Connection,
) => Response | Promise<Response>;

/** What is asked of another server. */
export interface OutgoingRequest {
  readonly method: string;
  readonly url: URL;
  /** Get the trace's header. */
  readonly headers: Headers;
}

/** Asks another server inside of a span; it ends with the answer's headers. */
export type TraceExchange = <Exchange extends { readonly status: number }>(
  request: OutgoingRequest,
  ask: () => Promise<Exchange>,
) => Promise<Exchange>;

export interface ProgramSpans {
  readonly tracer: Tracer;
  /** The same app, each of whose requests is a span that goes on from the client's. */
  traceRequests<Connection>(app: App<Connection>): App<Connection>;
  readonly traceExchange: TraceExchange;
  /** Sends what has not been sent. */
  close(): Promise<void>;
}

/** Starts to make and to send the spans of requests, as the runtime does where it can be told to. */
export async function startProgramSpans(
  config: TelemetryConfig,
  scope: { readonly name: string; readonly version: string },
): Promise<ProgramSpans> {
  const { startSdk } = await import("./_sdk.ts");
  const log = createLog("tracing");
  const warn = (text: string) => log.warn("Traces", { text });
  const ignore = (): void => {};
  diag.setLogger(
    { error: warn, warn, info: ignore, debug: ignore, verbose: ignore },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  );
  const sdk = await startSdk(config, scope);
  context.setGlobalContextManager(sdk.contextManager);
  const { tracer } = sdk;
  return {
    tracer,
    traceRequests: (app) => (request, connection) => {
      const span = startRequestSpan(request, sdk);
      return context.with(
        trace.setSpan(context.active(), span),
        () => answerInSpan(span, () => app(request, connection)),
      );
    },
    traceExchange: (request, ask) => askInSpan(request, ask, sdk),
    async close() {
      try {
        await sdk.shutdown();
      } finally {
        context.disable();
        diag.disable();
      }
    },
  };
}

function startRequestSpan({ method, url, headers }: Request, { tracer, propagator }: Sdk): Span {
  const parent = propagator?.extract(ROOT_CONTEXT, headers, {
    get: (carrier: Headers, name) => carrier.get(name) ?? undefined,
    keys: (carrier: Headers) => [...carrier.keys()],
  }) ?? ROOT_CONTEXT;
  const span = tracer.startSpan(method, { kind: SpanKind.SERVER }, parent);
  // Set now and not at the start: only here secrets are masked.
  return span.setAttributes(toUrlAttributes(method, new URL(url)));
}

async function answerInSpan(
  span: Span,
  answer: () => Response | Promise<Response>,
): Promise<Response> {
  try {
    const response = await answer();
    const status = String(response.status);
    // A text, as the runtime has it.
    span.setAttribute("http.response.status_code", status);
    if (response.status >= 500) {
      span.setAttribute("error.type", status);
      span.setStatus({ code: SpanStatusCode.ERROR });
    }
    return response;
  } finally {
    span.end();
  }
}

async function askInSpan<Exchange extends { readonly status: number }>(
  { method, url, headers }: OutgoingRequest,
  ask: () => Promise<Exchange>,
  { tracer, propagator }: Sdk,
): Promise<Exchange> {
  const span = tracer.startSpan(method, { kind: SpanKind.CLIENT });
  span.setAttributes(toUrlAttributes(method, url));
  const inside = trace.setSpan(context.active(), span);
  propagator?.inject(inside, headers, {
    set: (carrier: Headers, name, value) => carrier.set(name, value),
  });
  try {
    const exchange = await context.with(inside, ask);
    span.setAttribute("http.response.status_code", exchange.status);
    if (exchange.status >= 400) {
      span.setAttribute("error.type", String(exchange.status));
      span.setStatus({ code: SpanStatusCode.ERROR });
    }
    return exchange;
  } catch (error) {
    const { name, message } = error instanceof Error ? error : new Error(String(error));
    span.setAttribute("error.type", name);
    span.setStatus({ code: SpanStatusCode.ERROR, message });
    throw error;
  } finally {
    span.end();
  }
}
