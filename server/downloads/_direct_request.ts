import { type IncomingMessage, request } from "node:http";

/** One request over a connection of its own. Disposing of it ends the connection. */
export interface DirectExchange extends Disposable {
  readonly status: number;
  readonly headers: Headers;
  readonly body: AsyncIterable<Uint8Array>;
}

/**
 * Asks for an `http:` URL at an address that its host was found to have.
 *
 * Neither is the name resolved again nor a proxy of the environment asked. The runtime's `fetch()` can dial
 * a chosen address only as a proxy, whose request line not every server reads: Python's does not.
 *
 * @param address A literal, IPv6 without brackets.
 */
export function requestDirectly(
  url: URL,
  address: string,
  headers: Headers,
  signal: AbortSignal,
): Promise<DirectExchange> {
  return new Promise((resolve, reject) => {
    const outgoing = request({
      host: address,
      port: url.port === "" ? 80 : Number(url.port),
      path: `${url.pathname}${url.search}`,
      headers: { ...Object.fromEntries(headers), host: url.host },
      agent: false,
      signal,
    });
    outgoing.on("error", reject);
    outgoing.on("response", (incoming) => {
      resolve({
        status: incoming.statusCode ?? 0,
        headers: toHeaders(incoming),
        body: readUntilAborted(incoming, signal),
        [Symbol.dispose]: () => void outgoing.destroy(),
      });
    });
    outgoing.end();
  });
}

/** Ends at once when the signal says so: older runtimes (2.6) go on waiting for the next chunk. */
async function* readUntilAborted(
  incoming: IncomingMessage,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const chunks = incoming[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
  let stopWaiting: (reason: unknown) => void = () => {};
  const abort = (): void => stopWaiting(signal.reason);
  signal.addEventListener("abort", abort);
  try {
    for (;;) {
      signal.throwIfAborted();
      const { value, done } = await new Promise<IteratorResult<Uint8Array>>((resolve, reject) => {
        stopWaiting = reject;
        chunks.next().then(resolve, reject);
      });
      if (done) return;
      yield value;
    }
  } finally {
    signal.removeEventListener("abort", abort);
    incoming.destroy();
  }
}

function toHeaders({ rawHeaders }: IncomingMessage): Headers {
  const headers = new Headers();
  for (let i = 0; i < rawHeaders.length; i += 2) headers.append(rawHeaders[i]!, rawHeaders[i + 1]!);
  return headers;
}
