/** One request written by hand, for what `fetch` refuses to send: a GET with a body, a header's own case. */

export interface RawResponse {
  readonly status: number;
  /** The status line and the headers, as they came. */
  readonly head: string;
  readonly body: string;
}

/** Sends a request of these header lines and this body on a connection of its own. */
export async function sendRaw(
  url: string,
  method: string,
  headerLines: readonly string[],
  body: string,
): Promise<RawResponse> {
  const { hostname, port, pathname, search } = new URL(url);
  using connection = await Deno.connect({ hostname, port: Number(port) });
  const bytes = new TextEncoder().encode(body);
  const head = [
    `${method} ${pathname}${search} HTTP/1.1`,
    `host: ${hostname}:${port}`,
    `content-length: ${bytes.length}`,
    "connection: close",
    ...headerLines,
  ];
  const writer = connection.writable.getWriter();
  await writer.write(new TextEncoder().encode(`${head.join("\r\n")}\r\n\r\n${body}`));
  writer.releaseLock();
  const text = await readAll(connection);
  const end = text.indexOf("\r\n\r\n");
  return {
    status: Number(text.slice(9, 12)),
    head: text.slice(0, end),
    body: text.slice(end + 4),
  };
}

async function readAll(connection: Deno.TcpConn): Promise<string> {
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(65_536);
  let text = "";
  for (;;) {
    const count = await connection.read(buffer);
    if (count === null) return text;
    text += decoder.decode(buffer.subarray(0, count), { stream: true });
  }
}
