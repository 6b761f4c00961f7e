import type { ContextManager, TextMapPropagator, Tracer } from "@opentelemetry/api";
import type { SpanExporter } from "@opentelemetry/sdk-trace";
import type { TelemetryConfig, TelemetryProtocol } from "../config/mod.ts";

/** The parts of OpenTelemetry's SDK that stand in for the runtime's. */
export interface Sdk {
  readonly tracer: Tracer;
  readonly contextManager: ContextManager;
  /** Absent when nothing of a client's trace is to be taken over. */
  readonly propagator?: TextMapPropagator;
  /** Sends what has not been sent; it may take as long as the exporter's timeout. */
  shutdown(): Promise<void>;
}

/**
 * Loads the SDK and starts its exporter, which reads `OTEL_EXPORTER_OTLP_*` itself, as `OTEL_SERVICE_NAME`
 * and `OTEL_RESOURCE_ATTRIBUTES` are read by the SDK. Nothing else imports these packages: a server that is
 * not traced does without.
 */
export async function startSdk(
  { protocol, propagatesContext, ...queue }: TelemetryConfig,
  scope: { readonly name: string; readonly version: string },
): Promise<Sdk> {
  const [{ AsyncLocalStorageContextManager }, core, resources, sdk, exporter] = await Promise.all([
    import("@opentelemetry/context-async-hooks"),
    import("@opentelemetry/core"),
    import("@opentelemetry/resources"),
    import("@opentelemetry/sdk-trace"),
    createExporter(protocol),
  ]);
  const { defaultResource, detectResources, resourceFromAttributes } = resources;
  const { resourceAttributesEnvDetector, serviceNameEnvDetector } = resources;
  const processor = new sdk.BatchSpanProcessor({
    exporter,
    maxQueueSize: queue.maxQueueSize,
    maxExportBatchSize: queue.maxExportBatchSize,
    scheduledDelayMillis: queue.scheduledDelayMs,
    exportTimeoutMillis: queue.exportTimeoutMs,
  });
  const provider = new sdk.TracerProvider({
    spanProcessors: [processor],
    resource: defaultResource().merge(resourceFromAttributes({
      // As the runtime calls a program that has no name; the SDK would tell its path.
      "service.name": "<unknown_service>",
      "process.runtime.name": "deno",
      "process.runtime.version": Deno.version.deno,
    })).merge(
      detectResources({ detectors: [resourceAttributesEnvDetector, serviceNameEnvDetector] }),
    ),
  });
  return {
    tracer: provider.getTracer(scope.name, scope.version),
    contextManager: new AsyncLocalStorageContextManager().enable(),
    ...(propagatesContext && { propagator: new core.W3CTraceContextPropagator() }),
    shutdown: () => provider.shutdown(),
  };
}

async function createExporter(protocol: TelemetryProtocol): Promise<SpanExporter> {
  switch (protocol) {
    case "http/protobuf":
      return new (await import("@opentelemetry/exporter-trace-otlp-proto")).OTLPTraceExporter();
    case "http/json":
      return new (await import("@opentelemetry/exporter-trace-otlp-http")).OTLPTraceExporter();
  }
}
