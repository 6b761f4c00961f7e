/** Traces of a program whose runtime has none of its own, as OpenTelemetry's SDK makes and sends them. */
import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";
import type { TelemetryConfig } from "../../../server/config/mod.ts";
import { createTracing, type Tracing } from "../../../server/tracing/mod.ts";

const TRACE_ID = "0af7651916cd43dd8448eb211c80319c";
const CLIENT_SPAN_ID = "b7ad6b7169203331";
const TRACEPARENT = `00-${TRACE_ID}-${CLIENT_SPAN_ID}-01`;
/** The exporter's connection stays open, for the next batch. */
const SANITIZE = { sanitizeResources: false, sanitizeOps: false };

interface Sent {
  readonly path: string;
  readonly contentType: string | null;
  readonly body: Uint8Array;
}

interface SentSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly attributes: { readonly key: string; readonly value: Record<string, unknown> }[];
  readonly status: { readonly code: number; readonly message?: string };
}

/** Traces what `work` does, and answers what a collector got of it once the traces were closed. */
async function collect(
  config: Partial<TelemetryConfig>,
  work: (tracing: Tracing) => Promise<void>,
): Promise<Sent[]> {
  const sent: Sent[] = [];
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    async (request) => {
      const { pathname: path } = new URL(request.url);
      const contentType = request.headers.get("content-type");
      sent.push({ path, contentType, body: await request.bytes() });
      return Response.json({});
    },
  );
  const { port } = server.addr as Deno.NetAddr;
  Deno.env.set("OTEL_EXPORTER_OTLP_ENDPOINT", `http://127.0.0.1:${port}`);
  Deno.env.set("OTEL_RESOURCE_ATTRIBUTES", "service.namespace=shop");
  try {
    const tracing = await createTracing("1.2.3", () => ({
      protocol: "http/json",
      propagatesContext: true,
      ...config,
    }));
    await work(tracing!);
    await tracing!.close();
  } finally {
    Deno.env.delete("OTEL_EXPORTER_OTLP_ENDPOINT");
    Deno.env.delete("OTEL_RESOURCE_ATTRIBUTES");
  }
  return sent;
}

function parseSpans(sent: readonly Sent[]): SentSpan[] {
  return sent.flatMap(({ body }) =>
    JSON.parse(new TextDecoder().decode(body)).resourceSpans.flatMap(
      ({ scopeSpans }: { scopeSpans: { spans: SentSpan[] }[] }) =>
        scopeSpans.flatMap(({ spans }) => spans),
    )
  );
}

function toTable({ attributes }: SentSpan): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));
}

function createRequest(path: string): Request {
  return new Request(`http://127.0.0.1:8080${path}`, { headers: { traceparent: TRACEPARENT } });
}

Deno.test("createTracing() is nothing where neither the runtime traces nor the environment asks for it", async () => {
  strictEqual(await createTracing("1.2.3", () => undefined), undefined);
});

Deno.test(
  "Tracing.traceRequests() goes on from the client's traceparent, and says of the request what the runtime would",
  SANITIZE,
  async () => {
    const sent = await collect({}, async (tracing) => {
      const app = tracing.traceRequests(() => new Response("ok"));
      await app(createRequest("/models/mlp?token=SECRET"));
    });
    deepStrictEqual(sent.map(({ path, contentType }) => [path, contentType]), [
      ["/v1/traces", "application/json"],
    ]);
    const [span] = parseSpans(sent) as [SentSpan];
    deepStrictEqual([span.traceId, span.parentSpanId, span.name, span.kind], [
      TRACE_ID,
      CLIENT_SPAN_ID,
      "GET /models/{model_name}",
      2,
    ]);
    deepStrictEqual(toTable(span), {
      "http.request.method": "GET",
      "url.full": "http://127.0.0.1:8080/models/mlp?token=***",
      "url.scheme": "http",
      "url.path": "/models/mlp",
      "url.query": "token=***",
      "http.route": "/models/{model_name}",
      "http.response.status_code": "200",
    });
    const resource = JSON.parse(new TextDecoder().decode(sent[0]!.body)).resourceSpans[0].resource;
    const { "service.name": service, "service.namespace": namespace } = toTable(resource);
    deepStrictEqual([service, namespace], ["<unknown_service>", "shop"]);
  },
);

Deno.test(
  "Tracing.traceRequests() makes an answer of 500 and above an error, and one of 404 none",
  SANITIZE,
  async () => {
    const sent = await collect({}, async (tracing) => {
      for (const status of [404, 503]) {
        await tracing.traceRequests(() => new Response(null, { status }))(createRequest("/ping"));
      }
    });
    const outcomes = parseSpans(sent).map((
      span,
    ) => [span.status.code, toTable(span)["error.type"]]);
    deepStrictEqual(outcomes, [[0, undefined], [2, "503"]]);
  },
);

Deno.test(
  "Tracing.traceRequests() begins a trace of its own where contexts are not propagated",
  SANITIZE,
  async () => {
    const sent = await collect({ propagatesContext: false }, async (tracing) => {
      await tracing.traceRequests(() => new Response("ok"))(createRequest("/ping"));
    });
    const [span] = parseSpans(sent) as [SentSpan];
    deepStrictEqual([span.traceId === TRACE_ID, span.parentSpanId], [false, undefined]);
  },
);

Deno.test(
  "Tracing.traceExchange() makes a span inside of the request's, and hands the trace on",
  SANITIZE,
  async () => {
    const headers = new Headers();
    const url = new URL("https://models.example/gone.mar?X-Amz-Signature=SECRET");
    const sent = await collect({}, async (tracing) => {
      const app = tracing.traceRequests(async () => {
        const ask = () => Promise.resolve({ status: 404 });
        await tracing.traceExchange!({ method: "GET", url, headers }, ask);
        await rejects(
          tracing.traceExchange!(
            { method: "GET", url, headers: new Headers() },
            () => Promise.reject(new TypeError("no route to https://me:SECRET@models.example")),
          ),
        );
        return new Response("ok");
      });
      await app(createRequest("/models"));
    });
    const [gone, lost, request] = parseSpans(sent) as [SentSpan, SentSpan, SentSpan];
    deepStrictEqual([gone.parentSpanId, lost.parentSpanId], [request.spanId, request.spanId]);
    deepStrictEqual([gone.name, gone.kind, gone.status.code], ["GET", 3, 2]);
    strictEqual(headers.get("traceparent"), `00-${TRACE_ID}-${gone.spanId}-01`);
    const { "url.query": query, "http.response.status_code": status } = toTable(gone);
    deepStrictEqual([query, status], ["X-Amz-Signature=***", 404]);
    deepStrictEqual([lost.status.code, toTable(lost)["error.type"]], [2, "TypeError"]);
    const text = sent.map(({ body }) => new TextDecoder().decode(body)).join();
    strictEqual(text.includes("SECRET"), false);
  },
);

Deno.test("traces leave as http/protobuf too", SANITIZE, async () => {
  const sent = await collect({ protocol: "http/protobuf" }, async (tracing) => {
    await tracing.traceRequests(() => new Response("ok"))(createRequest("/ping"));
  });
  deepStrictEqual(sent.map(({ path, contentType }) => [path, contentType]), [
    ["/v1/traces", "application/x-protobuf"],
  ]);
  ok(new TextDecoder("latin1").decode(sent[0]!.body).includes("GET /ping"));
});
