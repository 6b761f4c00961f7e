import type { Span, SpanStatus, Tracer } from "@opentelemetry/api";
import { maskSecrets } from "../logging/mod.ts";

/** Methods of spans as they are on the runtime's class. */
type SpanMethods = Pick<Span, "setAttribute" | "setStatus">;

const masked = new WeakSet<SpanMethods>();

/**
 * Lets no span of this process tell a secret of a URL, those that the runtime makes of requests and of
 * `fetch` above all: it sets `url.full` and `url.query` before any code of ours runs, and an attribute that
 * is set again is sent twice. So its class is told to mask what it is given.
 *
 * Once for each process; a second call does nothing.
 */
export function maskSpans(tracer: Tracer): void {
  const probe = tracer.startSpan("probe");
  const methods: SpanMethods = Object.getPrototypeOf(probe);
  if (masked.has(methods)) return;
  masked.add(methods);
  const { setAttribute, setStatus } = methods;
  methods.setAttribute = function (this: Span, name, value) {
    return setAttribute.call(this, name, typeof value === "string" ? maskUrl(name, value) : value);
  };
  methods.setStatus = function (this: Span, status: SpanStatus) {
    const { message } = status;
    return setStatus.call(
      this,
      message === undefined ? status : { ...status, message: maskSecrets(message) },
    );
  };
}

function maskUrl(name: string, text: string): string {
  switch (name) {
    case "url.full":
      return maskSecrets(text);
    case "url.query":
      return maskSecrets(`?${text}`).slice(1);
    default:
      return text;
  }
}
