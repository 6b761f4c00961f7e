/**
 * Posts one body over N keep-alive connections for S seconds; prints one line of JSON.
 *
 * `deno run -A load_client.ts URL BODY_FILE CONTENT_TYPE CONNECTIONS SECONDS`
 *
 * HTTP/1.1 by hand on `Deno.connect`: `fetch` costs more than the servers that are measured. Answers must
 * carry a `content-length`.
 */
const [url, bodyPath, contentType, connections, seconds] = Deno.args;
const { hostname, port, host, pathname } = new URL(url!);
const body = await Deno.readFile(bodyPath!);
const head = new TextEncoder().encode(
  `POST ${pathname} HTTP/1.1\r\nhost: ${host}\r\ncontent-type: ${contentType}\r\n` +
    `content-length: ${body.length}\r\n\r\n`,
);
const request = new Uint8Array(head.length + body.length);
request.set(head);
request.set(body, head.length);

const latenciesMs: number[] = [];
let errors = 0;
const startMs = performance.now();
const endMs = startMs + Number(seconds) * 1000;
await Promise.all(Array.from({ length: Number(connections) }, runConnection));
const elapsedMs = performance.now() - startMs;
latenciesMs.sort((a, b) => a - b);

const outcome = {
  requestsPerSecond: latenciesMs.length / (elapsedMs / 1000),
  p50Ms: latenciesMs[Math.floor(latenciesMs.length * 0.5)] ?? 0,
  p99Ms: latenciesMs[Math.floor(latenciesMs.length * 0.99)] ?? 0,
  errors,
};
await Deno.stdout.write(new TextEncoder().encode(JSON.stringify(outcome) + "\n"));

async function runConnection(): Promise<void> {
  using connection = await Deno.connect({ hostname, port: Number(port) });
  const buffer = new Uint8Array(1 << 20);
  const decoder = new TextDecoder("latin1");
  for (let sentMs = performance.now(); sentMs < endMs; sentMs = performance.now()) {
    for (let sent = 0; sent < request.length;) {
      sent += await connection.write(request.subarray(sent));
    }
    let received = 0;
    let expected = Infinity;
    while (received < expected) {
      const count = await connection.read(buffer.subarray(received));
      if (count === null) return void errors++;
      received += count;
      if (expected !== Infinity) continue;
      const text = decoder.decode(buffer.subarray(0, received));
      const bodyAt = text.indexOf("\r\n\r\n") + 4;
      if (bodyAt < 4) continue;
      const length = /\r\ncontent-length: *(\d+)/i.exec(text);
      if (length === null || !/^HTTP\/1.1 2/.test(text)) return void errors++;
      expected = bodyAt + Number(length[1]);
    }
    latenciesMs.push(performance.now() - sentMs);
  }
}
