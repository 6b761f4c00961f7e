/** One HTTP/1.1 connection of the soak, by hand: it must leave in the middle of an answer, and be slow. */

/** A request as it goes over the wire. */
export interface WireRequest {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly contentType?: string;
  readonly body?: Uint8Array<ArrayBuffer>;
}

export interface WireAnswer {
  readonly status: number;
  /** By lower-case names. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Uint8Array<ArrayBuffer>;
}

export interface SendOptions {
  /** Told of each piece of the body as it comes; `"leave"` closes the connection there and then. */
  readonly onPiece?: (bytes: Uint8Array<ArrayBuffer>) => "leave" | void | Promise<"leave" | void>;
}

/** The server closed the connection, or sent what is no answer. */
export class BrokenAnswerError extends Error {
  override readonly name = "BrokenAnswerError";
}

const BUFFER_BYTES = 64 * 1024;
const HEAD_END = "\r\n\r\n";
const encoder = new TextEncoder();
const latin1 = new TextDecoder("latin1");

/** A keep-alive connection that opens itself when it is needed. One request at a time. */
export class Connection implements Disposable {
  readonly #host: string;
  readonly #address: { readonly hostname: string; readonly port: number };
  readonly #buffer = new Uint8Array(BUFFER_BYTES);
  #socket: Deno.TcpConn | undefined;
  /** What has been read and not been used. */
  #rest: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  /** When the request in work was begun; absent while there is none. */
  busySinceMs: number | undefined;

  constructor(url: string) {
    const { host, hostname, port } = new URL(url);
    this.#host = host;
    this.#address = { hostname, port: Number(port) };
  }

  /** Sends a request and reads its answer, `undefined` if `onPiece` left. */
  async send(request: WireRequest, options: SendOptions = {}): Promise<WireAnswer | undefined> {
    await this.begin(request);
    await this.write(request.body ?? new Uint8Array(0));
    return await this.receive(options);
  }

  /** Sends the head of a request; its body is the caller's. */
  async begin({ method, path, contentType, body }: WireRequest): Promise<void> {
    this.busySinceMs = performance.now();
    this.#socket ??= await Deno.connect(this.#address);
    const lines = [`${method} ${path} HTTP/1.1`, `host: ${this.#host}`];
    if (contentType !== undefined) lines.push(`content-type: ${contentType}`);
    if (body !== undefined) lines.push(`content-length: ${body.length}`);
    await this.write(encoder.encode(lines.join("\r\n") + HEAD_END));
  }

  async write(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    for (let sent = 0; sent < bytes.length;) {
      sent += await this.#socket!.write(bytes.subarray(sent));
    }
  }

  /** Reads the answer to what was sent, `undefined` if `onPiece` left. */
  async receive({ onPiece }: SendOptions = {}): Promise<WireAnswer | undefined> {
    const { status, headers } = parseHead(await this.#takeHead());
    const pieces: Uint8Array<ArrayBuffer>[] = [];
    for await (const piece of this.#takeBody(headers)) {
      pieces.push(piece);
      if (await onPiece?.(piece) === "leave") {
        this.close();
        return undefined;
      }
    }
    if (headers.get("connection") === "close") this.close();
    this.busySinceMs = undefined;
    return { status, headers, body: concat(pieces) };
  }

  /** Goes away, whatever is under way. */
  close(): void {
    this.busySinceMs = undefined;
    this.#rest = new Uint8Array(0);
    this.#socket?.close();
    this.#socket = undefined;
  }

  [Symbol.dispose](): void {
    this.close();
  }

  async *#takeBody(
    headers: ReadonlyMap<string, string>,
  ): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    if (headers.get("transfer-encoding") === "chunked") {
      for (;;) {
        const size = Number.parseInt(latin1.decode(await this.#takeUntil("\r\n")), 16);
        if (!Number.isInteger(size)) throw new BrokenAnswerError("A chunk has no size");
        let chunk: Uint8Array<ArrayBuffer> = new Uint8Array(size);
        let filled = 0;
        for await (const piece of this.#takeBytes(size)) {
          chunk.set(piece, filled);
          filled += piece.length;
        }
        await this.#takeUntil("\r\n");
        if (size === 0) return;
        yield chunk;
        chunk = new Uint8Array(0);
      }
    }
    const length = Number(headers.get("content-length") ?? "NaN");
    if (!Number.isInteger(length)) throw new BrokenAnswerError("The answer tells no length");
    yield* this.#takeBytes(length);
  }

  async #takeHead(): Promise<string> {
    return latin1.decode(await this.#takeUntil(HEAD_END));
  }

  async #takeUntil(end: string): Promise<Uint8Array<ArrayBuffer>> {
    for (;;) {
      const at = latin1.decode(this.#rest).indexOf(end);
      if (at >= 0) {
        const taken = this.#rest.subarray(0, at);
        this.#rest = this.#rest.subarray(at + end.length);
        return taken;
      }
      this.#rest = concat([this.#rest, await this.#read()]);
    }
  }

  async *#takeBytes(count: number): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    for (let left = count; left > 0;) {
      if (this.#rest.length === 0) this.#rest = await this.#read();
      const piece = this.#rest.slice(0, left);
      this.#rest = this.#rest.subarray(piece.length);
      left -= piece.length;
      yield piece;
    }
  }

  async #read(): Promise<Uint8Array<ArrayBuffer>> {
    const count = await this.#socket?.read(this.#buffer);
    if (count === null || count === undefined) {
      throw new BrokenAnswerError("The connection ended before the answer did");
    }
    return this.#buffer.slice(0, count);
  }
}

function parseHead(head: string): { status: number; headers: ReadonlyMap<string, string> } {
  const [statusLine, ...lines] = head.split("\r\n");
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(statusLine!)?.[1] ?? "NaN");
  if (!Number.isInteger(status)) throw new BrokenAnswerError(`No status: ${statusLine}`);
  const headers = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(":");
    headers.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim());
  }
  return { status, headers };
}

function concat(pieces: readonly Uint8Array<ArrayBuffer>[]): Uint8Array<ArrayBuffer> {
  if (pieces.length === 1) return pieces[0]!;
  const whole = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let filled = 0;
  for (const piece of pieces) {
    whole.set(piece, filled);
    filled += piece.length;
  }
  return whole;
}
