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
        body: incoming,
        [Symbol.dispose]: () => void outgoing.destroy(),
      });
    });
    outgoing.end();
  });
}

function toHeaders({ rawHeaders }: IncomingMessage): Headers {
  const headers = new Headers();
  for (let i = 0; i < rawHeaders.length; i += 2) headers.append(rawHeaders[i]!, rawHeaders[i + 1]!);
  return headers;
}
