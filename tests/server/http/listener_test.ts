import type { ListenAddress } from "../../../server/config/mod.ts";
import { match, ok, rejects, strictEqual } from "node:assert/strict";
import { ServeError } from "../../../server/errors.ts";
import { type HttpApp, type Listener, startListener } from "../../../server/http/mod.ts";
import { createFakeInferenceApp, createRecorder } from "./_fake_models.ts";

function toAddress(port: number): ListenAddress {
  return { transport: "tcp", hostname: "127.0.0.1", port, isTls: false };
}

/** Opens the app on a free port for as long as the test uses it. */
async function openListener(app: HttpApp): Promise<Listener & AsyncDisposable> {
  const listener = await startListener({ address: toAddress(0), app });
  return { ...listener, [Symbol.asyncDispose]: () => listener.close() };
}

/** A client that writes bytes as it likes, unlike `fetch`. */
class RawClient implements Disposable {
  readonly #connection: Deno.TcpConn;

  private constructor(connection: Deno.TcpConn) {
    this.#connection = connection;
  }

  static async connect(url: string): Promise<RawClient> {
    const { hostname, port } = new URL(url);
    return new RawClient(await Deno.connect({ hostname, port: Number(port) }));
  }

  async send(text: string): Promise<void> {
    const writer = this.#connection.writable.getWriter();
    await writer.write(new TextEncoder().encode(text));
    writer.releaseLock();
  }

  /** Reads until the text holds `end`, or the server closes. */
  async readUntil(end: string): Promise<string> {
    const buffer = new Uint8Array(65_536);
    let text = "";
    while (!text.includes(end)) {
      const count = await this.#connection.read(buffer);
      if (count === null) return text;
      text += new TextDecoder().decode(buffer.subarray(0, count));
    }
    return text;
  }

  [Symbol.dispose](): void {
    this.#connection.close();
  }
}

Deno.test("startListener() answers over a socket what the app answers in process", async () => {
  await using listener = await openListener(createFakeInferenceApp({}));
  match(listener.url, /^http:\/\/127\.0\.0\.1:[1-9]\d*$/);
  const response = await fetch(`${listener.url}/ping`);
  strictEqual(await response.text(), '{\n  "status": "Healthy"\n}\n');
});

Deno.test("startListener() throws when the port is taken", async () => {
  await using first = await openListener(createFakeInferenceApp({}));
  const port = Number(new URL(first.url).port);
  await rejects(
    startListener({ address: toAddress(port), app: () => new Response() }),
    Deno.errors.AddrInUse,
  );
});

Deno.test.each([
  { sent: "//predictions/m", status: 404, found: "" },
  { sent: "/predictions/../m", status: 200, found: "..,m" },
  { sent: "/predictions/m/", status: 200, found: "m," },
  { sent: "/predictions%2Fm%2F1", status: 200, found: "m,1" },
  { sent: "http://other:1/predictions/m", status: 200, found: "m," },
  { sent: "/predictions/m?a=/b/c", status: 200, found: "m," },
])(
  "GET $sent on the wire answers $status and finds '$found' (T40)",
  async ({ sent, status, found }) => {
    const { calls, predict } = createRecorder();
    await using listener = await openListener(createFakeInferenceApp({ predict }));
    using client = await RawClient.connect(listener.url);
    await client.send(`GET ${sent} HTTP/1.1\r\nHost: a\r\n\r\n`);
    match(await client.readUntil("\r\n\r\n"), new RegExp(`^HTTP/1\\.1 ${status} `));
    strictEqual(calls.map((call) => `${call.modelName},${call.modelVersion ?? ""}`).join(), found);
  },
);

Deno.test("an error tells the client on the wire that the connection ends, a success does not (T24)", async () => {
  const { predict } = createRecorder();
  await using listener = await openListener(createFakeInferenceApp({ predict }));
  using client = await RawClient.connect(listener.url);
  await client.send("GET /predictions/m HTTP/1.1\r\nHost: a\r\n\r\n");
  ok(!/connection: close/i.test(await client.readUntil("ok")));
  await client.send("GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n");
  // From 2.8.3 to 2.9.6 the runtime leaves it to the client to close the connection then.
  match(await client.readUntil("\r\n\r\n"), /\r\nconnection: close\r\n/i);
});

Deno.test("a request's x-request-id is never the answer's (T26)", async () => {
  const { calls, predict } = createRecorder();
  await using listener = await openListener(createFakeInferenceApp({ predict }));
  const headers = { "x-request-id": "mine" };
  for (const path of ["/ping", "/predictions/m", "/none"]) {
    const response = await fetch(`${listener.url}${path}`, { headers });
    await response.body?.cancel();
    match(response.headers.get("x-request-id")!, /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/);
  }
  ok(calls[0]!.headers.includes("mine"), "its handler sees the client's");
});

Deno.test("a declared length above the limit is refused on the wire before the body is sent (T25)", async () => {
  await using listener = await openListener(createFakeInferenceApp({}, { maxBodyBytes: 10 }));
  using client = await RawClient.connect(listener.url);
  await client.send("POST /predictions/m HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n");
  const answer = await client.readUntil("\r\n\r\n");
  match(answer, /^HTTP\/1\.1 413 /);
  match(answer, /\r\ncontent-length: 0\r\n/);
  strictEqual(answer.match(/\r\nconnection: close\r\n/g)?.length, 1);
  ok(!/x-request-id/i.test(answer));
});

Deno.test("a chunked body of 50,000 one-byte chunks arrives whole over a socket", async () => {
  const { calls, predict } = createRecorder();
  await using listener = await openListener(
    createFakeInferenceApp({ predict }, { maxBodyBytes: 50_000 }),
  );
  using client = await RawClient.connect(listener.url);
  await client.send(
    "POST /predictions/m HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
  );
  for (let sent = 0; sent < 50_000; sent += 1000) await client.send("1\r\nx\r\n".repeat(1000));
  await client.send("0\r\n\r\n");
  match(await client.readUntil("ok"), /^HTTP\/1\.1 200 /);
  strictEqual(calls[0]!.parts[0]!.bytes.length, 50_000);
});

Deno.test("PredictCall.signal is aborted when the client goes away", async () => {
  const asked = Promise.withResolvers<void>();
  const aborted = Promise.withResolvers<void>();
  const app = createFakeInferenceApp({
    predict: async (call) => {
      call.signal.addEventListener("abort", () => aborted.resolve());
      asked.resolve();
      await aborted.promise;
      throw new ServeError("request_cancelled", "The client has gone");
    },
  });
  await using listener = await openListener(app);
  {
    using client = await RawClient.connect(listener.url);
    await client.send("GET /predictions/m HTTP/1.1\r\nHost: a\r\n\r\n");
    await asked.promise;
  }
  await aborted.promise;
});

Deno.test("Listener.close() answers what is in flight, ends idle connections, takes no new ones", async () => {
  const asked = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  const { predict } = createRecorder();
  const listener = await startListener({
    address: toAddress(0),
    app: createFakeInferenceApp({
      predict: async (call) => {
        asked.resolve();
        await released.promise;
        return await predict(call);
      },
    }),
  });
  using idle = await RawClient.connect(listener.url);
  await idle.send("GET /ping HTTP/1.1\r\nHost: a\r\n\r\n");
  await idle.readUntil("}\n");
  using busy = await RawClient.connect(listener.url);
  await busy.send("GET /predictions/m HTTP/1.1\r\nHost: a\r\n\r\n");
  await asked.promise;

  const closed = listener.close();
  strictEqual(await idle.readUntil("never"), "");
  await rejects(RawClient.connect(listener.url), Deno.errors.ConnectionRefused);
  released.resolve();
  match(await busy.readUntil("ok"), /^HTTP\/1\.1 200 /);
  await closed;
});
