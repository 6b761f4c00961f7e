import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { GATED_HANDLER, waitForGate, waitForPending } from "../support/gate.ts";
import {
  type MarinaProcess,
  startMarina,
  type StartMarinaOptions,
} from "../support/marina_process.ts";
import { createModelStore } from "../support/model_store.ts";

const TRACE_ID = "0af7651916cd43dd8448eb211c80319c";
const CLIENT_SPAN_ID = "b7ad6b7169203331";

/** A span as OTLP/JSON has it, as far as it is looked at here. */
interface SentSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes?: readonly { readonly key: string; readonly value: SentValue }[];
  readonly links?: readonly { readonly traceId: string; readonly spanId: string }[];
  readonly events?: readonly { readonly name: string }[];
  readonly status?: { readonly code?: number; readonly message?: string };
}

interface SentValue {
  readonly stringValue?: string;
  readonly intValue?: string | number;
  readonly doubleValue?: number;
}

/** Takes traces as a collector does, over OTLP/HTTP. */
class Collector implements AsyncDisposable {
  readonly spans: SentSpan[] = [];
  /** Whatever was sent, as it came. */
  readonly texts: string[] = [];
  readonly url: string;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  constructor() {
    this.#server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      (request) => this.#receive(request),
    );
    this.url = `http://127.0.0.1:${this.#server.addr.port}`;
  }

  async #receive(request: Request): Promise<Response> {
    const text = await request.text();
    this.texts.push(text);
    if (new URL(request.url).pathname === "/v1/traces") {
      for (const { scopeSpans } of JSON.parse(text).resourceSpans) {
        for (const { spans } of scopeSpans) this.spans.push(...spans);
      }
    }
    return Response.json({});
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#server.shutdown();
  }
}

async function startTraced(
  collector: Collector,
  storeDir: string,
  config: StartMarinaOptions["config"] = {},
): Promise<MarinaProcess> {
  return await startMarina({
    args: ["--model-store", storeDir, "--models", "all"],
    config: { default_workers_per_model: 1, ...config },
    env: {
      OTEL_DENO: "true",
      OTEL_SERVICE_NAME: "marina",
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    },
  });
}

async function ask(marina: MarinaProcess, body: string, headers?: HeadersInit): Promise<string> {
  const url = `${marina.inferenceUrl}/predictions/gated`;
  const response = await fetch(url, { method: "POST", body, headers });
  await response.text();
  return response.headers.get("x-request-id")!;
}

function attributesOf({ attributes = [] }: SentSpan): Record<string, string | number | undefined> {
  return Object.fromEntries(
    attributes.map((
      { key, value: { stringValue, intValue, doubleValue } },
    ) => [key, stringValue ?? doubleValue ?? Number(intValue)]),
  );
}

Deno.test("a prediction's trace goes on from the client's traceparent, with queue, batch and inference inside (§6)", async () => {
  await using collector = new Collector();
  await using store = await createModelStore({ gated: { handler: GATED_HANDLER, version: "1.5" } });
  await using marina = await startTraced(collector, store.dir);
  const traceparent = `00-${TRACE_ID}-${CLIENT_SPAN_ID}-01`;
  const requestId = await ask(marina, "hello", { traceparent });
  strictEqual(await marina.stop(), 0);

  const spans = collector.spans.filter(({ traceId }) => traceId === TRACE_ID);
  const find = (name: string): SentSpan => spans.find((span) => span.name === name)!;
  const names = spans.map(({ name }) => name).sort();
  deepStrictEqual(names, ["POST /predictions/{model_name}", "batch", "inference", "queue"]);
  const request = find("POST /predictions/{model_name}");
  strictEqual(request.parentSpanId, CLIENT_SPAN_ID);
  strictEqual(attributesOf(request)["http.route"], "/predictions/{model_name}");
  strictEqual(attributesOf(request)["marina.request.id"], requestId);
  strictEqual(find("queue").parentSpanId, request.spanId);
  strictEqual(find("batch").parentSpanId, request.spanId);
  strictEqual(find("inference").parentSpanId, find("batch").spanId);
  const { "marina.worker.id": worker, ...attributes } = attributesOf(find("batch"));
  deepStrictEqual(attributes, {
    "marina.model.name": "gated",
    "marina.model.version": "1.5",
    "marina.request.id": requestId,
    "marina.batch.size": 1,
    "marina.batch.rows": 1,
    "marina.batch.closed_by": "full",
  });
  match(String(worker), /^\d+$/);
  for (const span of spans) {
    ok(BigInt(span.startTimeUnixNano) <= BigInt(span.endTimeUnixNano), span.name);
  }
  strictEqual(find("queue").endTimeUnixNano, find("batch").startTimeUnixNano);
});

Deno.test("the batch spans of requests that shared a batch link each other's request spans", async () => {
  await using collector = new Collector();
  await using store = await createModelStore({
    gated: { handler: GATED_HANDLER, config: "batchSize: 4\nmaxBatchDelay: 100\n" },
  });
  await using marina = await startTraced(collector, store.dir);
  const waiting = ask(marina, "wait");
  const open = await waitForGate(marina, "gated");
  const both = [ask(marina, "one"), ask(marina, "two")];
  await waitForPending(marina.managementUrl, "gated", 2);
  await open();
  const [, ...ids] = await Promise.all([waiting, ...both]);
  strictEqual(await marina.stop(), 0);

  const batches = collector.spans.filter((span) =>
    span.name === "batch" && attributesOf(span)["marina.batch.size"] === 2
  );
  deepStrictEqual(
    batches.map((span) => attributesOf(span)["marina.request.id"]).sort(),
    ids.sort(),
  );
  const [first, second] = batches as [SentSpan, SentSpan];
  strictEqual(first.traceId === second.traceId, false);
  deepStrictEqual(first.links?.map(({ spanId }) => spanId), [second.parentSpanId]);
  deepStrictEqual(second.links?.map(({ spanId }) => spanId), [first.parentSpanId]);
});

Deno.test("a handler's failure is recorded on the batch's span and on the request's", async () => {
  await using collector = new Collector();
  await using store = await createModelStore({
    gated: { handler: `export function handle(rows) { if (rows) throw new Error("I cannot"); }` },
  });
  await using marina = await startTraced(collector, store.dir);
  await ask(marina, "hello");
  strictEqual(await marina.stop(), 0);
  const [batch, request] = ["batch", "POST /predictions/{model_name}"].map((name) =>
    collector.spans.find((span) => span.name === name)!
  ) as [SentSpan, SentSpan];
  deepStrictEqual(batch.status, { code: 2, message: "Prediction failed" });
  strictEqual(request.status?.code, 2);
  for (const { events } of [batch, request]) {
    deepStrictEqual(events?.map(({ name }) => name), ["exception"]);
  }
});

Deno.test("a request that is lost with its worker has a queue span, and a batch span with the error (§6)", async () => {
  await using collector = new Collector();
  await using store = await createModelStore({
    gated: {
      handler: `export function handle(rows) {
  if (rows === null) return;
  setTimeout(() => { throw new Error("I am lost"); });
  return new Promise(() => {});
}
`,
    },
  });
  await using marina = await startTraced(collector, store.dir);
  const requestId = await ask(marina, "hello");
  strictEqual(await marina.stop(), 0);
  const [queue, batch, request] = ["queue", "batch", "POST /predictions/{model_name}"].map((name) =>
    collector.spans.find((span) => span.name === name)!
  ) as [SentSpan, SentSpan, SentSpan];
  deepStrictEqual([queue.status?.code ?? 0, queue.endTimeUnixNano], [0, batch.startTimeUnixNano]);
  deepStrictEqual(batch.status, { code: 2, message: "Worker died." });
  deepStrictEqual(batch.events?.map(({ name }) => name), ["exception"]);
  deepStrictEqual(
    [queue.parentSpanId, batch.parentSpanId, attributesOf(batch)["marina.request.id"]],
    [request.spanId, request.spanId, requestId],
  );
  strictEqual(collector.spans.some(({ name }) => name === "inference"), false);
});

Deno.test("no span tells a secret of a request's query, nor of a URL that is downloaded (§6)", async () => {
  await using collector = new Collector();
  await using store = await createModelStore({ gated: { handler: GATED_HANDLER } });
  await using archives = new ArchiveHost();
  await using marina = await startTraced(collector, store.dir, {
    allowed_urls: `${archives.url}/.*`,
    enable_model_api: true,
  });
  await (await fetch(`${marina.inferenceUrl}/predictions/gated?token=SECRET-1&x=1`)).text();
  const url = `${archives.url}/gone.mar?X-Amz-Signature=SECRET-2`;
  const register = new URL(`${marina.managementUrl}/models`);
  register.searchParams.set("url", url);
  await (await fetch(register, { method: "POST" })).text();
  deepStrictEqual(archives.asked, ["/gone.mar?X-Amz-Signature=SECRET-2"]);
  strictEqual(await marina.stop(), 0);

  const queries = collector.spans.map((span) => attributesOf(span)["url.query"]);
  ok(queries.includes("token=***&x=1"), String(queries));
  ok(queries.includes("X-Amz-Signature=***"), String(queries));
  deepStrictEqual(collector.texts.filter((text) => /SECRET/.test(text)), []);
});

/** Has no archive, whatever it is asked for. */
class ArchiveHost implements AsyncDisposable {
  readonly asked: string[] = [];
  readonly url: string;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  constructor() {
    this.#server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
      const { pathname, search } = new URL(request.url);
      this.asked.push(pathname + search);
      return new Response("none", { status: 404 });
    });
    this.url = `http://127.0.0.1:${this.#server.addr.port}`;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#server.shutdown();
  }
}
