import { type Environment, readEnvironment } from "./_environment.ts";
import { ConfigError } from "./server_config.ts";

/** How traces leave; the formats that the runtime's own exporter has. */
export type TelemetryProtocol = "http/protobuf" | "http/json";

/** What the environment says of traces, besides what OpenTelemetry's exporters read there by themselves. */
export interface TelemetryConfig {
  readonly protocol: TelemetryProtocol;
  /** False: a client's `traceparent` is neither read nor handed on. */
  readonly propagatesContext: boolean;
  /** Of the queue of spans; absent: OpenTelemetry's own. */
  readonly maxQueueSize?: number;
  readonly maxExportBatchSize?: number;
  readonly scheduledDelayMs?: number;
  readonly exportTimeoutMs?: number;
}

/**
 * The runtime's variables for traces, for a program whose runtime does not look at them itself: one that was
 * compiled has none of them but those of the machine that compiled it.
 *
 * @returns `undefined` unless `OTEL_DENO`, or `OTEL_DENO_TRACING` in its place, is `true`, and
 * `OTEL_SDK_DISABLED` is not.
 * @throws {ConfigError} If `OTEL_EXPORTER_OTLP_PROTOCOL` is another than the two.
 */
export function readTelemetryConfig(
  environment: Environment = readEnvironment(),
): TelemetryConfig | undefined {
  const isTrue = (name: string) => environment[name]?.toLowerCase() === "true";
  if (isTrue("OTEL_SDK_DISABLED")) return undefined;
  if (!isTrue(environment.OTEL_DENO_TRACING === undefined ? "OTEL_DENO" : "OTEL_DENO_TRACING")) {
    return undefined;
  }
  const count = (name: string) => {
    const value = Number(environment[name] || NaN);
    return Number.isInteger(value) && value > 0 ? value : undefined;
  };
  const propagators = environment.OTEL_PROPAGATORS?.split(",").map((name) => name.trim());
  return {
    protocol: parseProtocol(environment.OTEL_EXPORTER_OTLP_PROTOCOL || "http/protobuf"),
    propagatesContext: propagators?.includes("tracecontext") ?? true,
    maxQueueSize: count("OTEL_BSP_MAX_QUEUE_SIZE"),
    maxExportBatchSize: count("OTEL_BSP_MAX_EXPORT_BATCH_SIZE"),
    scheduledDelayMs: count("OTEL_BSP_SCHEDULE_DELAY"),
    exportTimeoutMs: count("OTEL_BSP_EXPORT_TIMEOUT"),
  };
}

function parseProtocol(text: string): TelemetryProtocol {
  if (text === "http/protobuf" || text === "http/json") return text;
  throw new ConfigError(
    `Cannot start: OTEL_EXPORTER_OTLP_PROTOCOL must be "http/protobuf" or "http/json", received "${text}"`,
  );
}
