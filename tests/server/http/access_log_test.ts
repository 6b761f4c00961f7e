import { deepStrictEqual } from "node:assert/strict";
import { createAccessLog } from "../../../server/http/access_log.ts";
import type { Exchange } from "../../../server/http/exchange.ts";

const EXCHANGE: Exchange = {
  method: "POST",
  url: "http://127.0.0.1:8081/models?url=mnist.mar",
  status: 405,
  requestId: "id-1",
  startedAtMs: 1_000,
  endedAtMs: 1_012,
  connection: { remoteAddr: { transport: "tcp", hostname: "127.0.0.1", port: 53514 } },
};

/** The line of an exchange that differs from the usual one. */
function toLine(change: Partial<Exchange>): [string, number] {
  const written: [string, number][] = [];
  createAccessLog((line, atMs) => written.push([line, atMs])).onAnswered({
    ...EXCHANGE,
    ...change,
  });
  return written[0]!;
}

Deno.test("createAccessLog() writes client, request, status and milliseconds as TorchServe does, then the request's id (§6)", () => {
  deepStrictEqual(toLine({}), [
    '/127.0.0.1:53514 "POST /models?url=mnist.mar HTTP/1.1" 405 12 id-1',
    1_012,
  ]);
});

Deno.test.each([
  {
    what: "a client of a Unix socket without a slash",
    change: { connection: { remoteAddr: { transport: "unix", path: "/run/x.sock" } } },
    line: '127.0.0.1 "POST /models?url=mnist.mar HTTP/1.1" 405 12 id-1',
  },
  {
    what: "an IPv6 client in brackets",
    change: { connection: { remoteAddr: { transport: "tcp", hostname: "::1", port: 7 } } },
    line: '/[::1]:7 "POST /models?url=mnist.mar HTTP/1.1" 405 12 id-1',
  },
  {
    what: "an answer without an id to its milliseconds",
    change: { requestId: undefined, status: 413 },
    line: '/127.0.0.1:53514 "POST /models?url=mnist.mar HTTP/1.1" 413 12',
  },
  {
    what: "a token of the query masked",
    change: { url: "http://h/token?type=management&key=abc" },
    line: '/127.0.0.1:53514 "POST /token?type=management&key=*** HTTP/1.1" 405 12 id-1',
  },
  {
    what: "quotes and line ends of a path escaped",
    change: { url: 'http://h/a" 200 1\u0085b' },
    line: '/127.0.0.1:53514 "POST /a%22 200 1\\u0085b HTTP/1.1" 405 12 id-1',
  },
  {
    what: "a path of a Unix socket's URL",
    change: { url: "http+unix://%2Frun%2Fx.sock/ping" },
    line: '/127.0.0.1:53514 "POST /ping HTTP/1.1" 405 12 id-1',
  },
] as { what: string; change: Partial<Exchange>; line: string }[])(
  "createAccessLog() writes $what (§6)",
  ({ change, line }) => deepStrictEqual(toLine(change)[0], line),
);

Deno.test("createAccessLog() writes each exchange's own request and status, also when most of it comes again", () => {
  const written: string[] = [];
  const { onAnswered } = createAccessLog((line) => written.push(line));
  for (const path of ["a", "a", "b", "a"]) onAnswered({ ...EXCHANGE, url: `http://h/${path}` });
  onAnswered({ ...EXCHANGE, url: "http://h/a", method: "PUT" });
  onAnswered({ ...EXCHANGE, url: "http://h/a", method: "PUT", status: 200 });
  deepStrictEqual(written.map((line) => /"(.+) HTTP\/1.1" (\d+)/.exec(line)!.slice(1).join(" ")), [
    "POST /a 405",
    "POST /a 405",
    "POST /b 405",
    "POST /a 405",
    "PUT /a 405",
    "PUT /a 200",
  ]);
});
