/** OpenTelemetry traces, through the runtime's own exporter; nothing of it runs unless it is turned on. */
export { createTracing, type Tracing } from "./tracing.ts";
