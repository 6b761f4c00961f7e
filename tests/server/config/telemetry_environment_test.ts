import { deepStrictEqual, strictEqual, throws } from "node:assert/strict";
import { readTelemetryConfig } from "../../../server/config/mod.ts";

const NOTHING: readonly Record<string, string>[] = [
  {},
  { OTEL_DENO: "false" },
  { OTEL_DENO: "1" },
  { OTEL_DENO: "true", OTEL_SDK_DISABLED: "true" },
  { OTEL_DENO: "true", OTEL_DENO_TRACING: "false" },
];
const TRACES: readonly Record<string, string>[] = [
  { OTEL_DENO: "true" },
  { OTEL_DENO: "TRUE" },
  { OTEL_DENO_TRACING: "true" },
];

Deno.test.each(NOTHING)("readTelemetryConfig() turns nothing on for %o", (environment) => {
  strictEqual(readTelemetryConfig(environment), undefined);
});

Deno.test.each(TRACES)(
  "readTelemetryConfig() turns traces on for %o, as http/protobuf and with clients' contexts",
  (environment) => {
    const config = readTelemetryConfig(environment);
    deepStrictEqual([config?.protocol, config?.propagatesContext, config?.maxQueueSize], [
      "http/protobuf",
      true,
      undefined,
    ]);
  },
);

Deno.test("readTelemetryConfig() takes protocol, propagators and the queue's numbers, and numbers that are none for unset", () => {
  const config = readTelemetryConfig({
    OTEL_DENO: "true",
    OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
    OTEL_PROPAGATORS: "baggage, none",
    OTEL_BSP_MAX_QUEUE_SIZE: "4096",
    OTEL_BSP_MAX_EXPORT_BATCH_SIZE: "64",
    OTEL_BSP_SCHEDULE_DELAY: "250",
    OTEL_BSP_EXPORT_TIMEOUT: "soon",
  });
  deepStrictEqual(config, {
    protocol: "http/json",
    propagatesContext: false,
    maxQueueSize: 4096,
    maxExportBatchSize: 64,
    scheduledDelayMs: 250,
    exportTimeoutMs: undefined,
  });
});

Deno.test("readTelemetryConfig() refuses a protocol that there is not, as the runtime does", () => {
  throws(
    () => readTelemetryConfig({ OTEL_DENO: "true", OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" }),
    {
      name: "ConfigError",
      message:
        'Cannot start: OTEL_EXPORTER_OTLP_PROTOCOL must be "http/protobuf" or "http/json", received "grpc"',
    },
  );
});
