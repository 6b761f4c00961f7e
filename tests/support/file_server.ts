/** Web servers that archives are downloaded from, with all that can go wrong there. */

/** Answers one request. */
export type FileRoute = (request: Request) => Response | Promise<Response>;

/** A real web server on a free port of this machine, until it is disposed of. */
export class FileServer implements AsyncDisposable {
  /** `http://127.0.0.1:PORT`, no slash at the end. */
  readonly url: string;
  readonly port: number;
  /** Paths asked for, in order. */
  readonly asked: string[] = [];
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #abort = new AbortController();

  constructor(
    routes: Readonly<Record<string, FileRoute>>,
    tls?: { readonly cert: string; readonly key: string },
  ) {
    this.#server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen() {}, signal: this.#abort.signal, ...tls },
      (request) => {
        const { pathname } = new URL(request.url);
        this.asked.push(pathname);
        return routes[pathname]?.(request) ?? new Response("nothing here", { status: 404 });
      },
    );
    this.port = this.#server.addr.port;
    this.url = `${tls === undefined ? "http" : "https"}://127.0.0.1:${this.port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort();
    await this.#server.finished;
  }
}

/** A body that sends `chunk` again and again, or once and then nothing; `cancelled` tells that its reader went. */
export function createBody(
  chunk: Uint8Array<ArrayBuffer>,
  kind: "endless" | "stalled",
): { readonly body: ReadableStream<Uint8Array<ArrayBuffer>>; readonly cancelled: Promise<void> } {
  const { promise, resolve } = Promise.withResolvers<void>();
  let isSent = false;
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(controller) {
      if (isSent && kind === "stalled") return new Promise(() => {});
      isSent = true;
      controller.enqueue(chunk);
    },
    cancel: () => resolve(),
  });
  return { body, cancelled: promise };
}

/** A server that sends these bytes to whoever connects, and hangs up: for answers that lie. */
export class RawAnswerServer implements AsyncDisposable {
  readonly url: string;
  /** The first line of each request. */
  readonly requestLines: string[] = [];
  readonly #listener: Deno.TcpListener;
  readonly #serving: Promise<void>;

  constructor(answer: string) {
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.url = `http://127.0.0.1:${this.#listener.addr.port}`;
    this.#serving = this.#serve(new TextEncoder().encode(answer));
  }

  async #serve(answer: Uint8Array): Promise<void> {
    for await (const connection of this.#listener) {
      try {
        const bytes = new Uint8Array(4096);
        await connection.read(bytes);
        this.requestLines.push(new TextDecoder().decode(bytes).split("\r\n", 1)[0]!);
        await connection.write(answer);
      } finally {
        connection.close();
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    await this.#serving;
  }
}
