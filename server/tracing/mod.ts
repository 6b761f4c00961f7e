/** OpenTelemetry traces, through the runtime's own exporter where it has one; nothing of it runs unless it is turned on. */
export { createTracing, type Tracing } from "./tracing.ts";
export type { OutgoingRequest, TraceExchange } from "./_program_spans.ts";
