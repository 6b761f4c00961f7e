import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import type { ListenAddress } from "../../../server/config/mod.ts";
import { createExposedApp, type HttpApp } from "../../../server/http/mod.ts";

const LOOPBACK: ListenAddress = {
  transport: "tcp",
  hostname: "127.0.0.1",
  port: 8080,
  isTls: false,
};
const EVERYWHERE: ListenAddress = { ...LOOPBACK, hostname: "0.0.0.0" };
const SOCKET: ListenAddress = { transport: "unix", path: "/run/marina.sock" };

interface ExposeOver {
  readonly address?: ListenAddress;
  readonly allowedOrigin?: string;
  readonly app?: HttpApp;
}

/** The status of one request with these headers, `host` among them. */
async function ask(
  headers: Readonly<Record<string, string>>,
  { address = LOOPBACK, allowedOrigin, app = () => new Response("app") }: ExposeOver = {},
  line = "POST /predictions/m",
): Promise<Response> {
  const [method, path] = line.split(" ");
  const exposed = createExposedApp(app, {
    address,
    cors: { allowedOrigin },
    reportFailure: () => {},
  });
  const host = headers["host"] ?? "127.0.0.1:8080";
  const request = new Request(`http://authority.of.the.url${path}`, { method });
  // What `fetch` forbids, a client may send.
  const sent = new Headers({ host, ...headers });
  Object.defineProperty(request, "headers", { value: sent });
  return await exposed(request);
}

async function readMessage(response: Response): Promise<string> {
  const { code, type, message } = await response.json();
  deepStrictEqual([code, type], [403, "ForbiddenException"]);
  return message;
}

Deno.test.each([
  { host: "127.0.0.1:8080" },
  { host: "localhost:8080" },
  { host: "LOCALHOST:8080" },
  { host: "localhost" },
  { host: "[::1]:8080" },
  { host: "127.1.2.3:8080" },
  { host: "localhost:9999" },
])(
  "a loopback port answers to $host: a loopback name, on whatever port a tunnel has it",
  async ({ host }) => {
    strictEqual((await ask({ host })).status, 200);
  },
);

Deno.test.each([
  { host: "evil.example:8080" },
  { host: "127.0.0.1.evil.example:8080" },
  { host: "localhost.evil.example" },
  { host: "0.0.0.0:8080" },
  { host: "192.168.0.7:8080" },
])(
  "a loopback port refuses $host as its name: a page's name may be rebound to it",
  async ({ host }) => {
    for (const line of ["GET /models", "POST /predictions/m", "OPTIONS /", "GET /docs"]) {
      const response = await ask({ host }, {}, line);
      strictEqual(response.status, 403);
      strictEqual(response.headers.get("connection"), "close", "(T24)");
      strictEqual(
        await readMessage(response),
        `Cannot answer a request to "${host}": a loopback server answers to loopback names, such as ` +
          "localhost; send one of them as Host, or name the page's origin in cors_allowed_origin",
      );
    }
  },
);

Deno.test("a port that other machines reach answers to any name, and so does a socket", async () => {
  for (const address of [EVERYWHERE, SOCKET]) {
    strictEqual((await ask({ host: "models.example" }, { address })).status, 200);
  }
});

Deno.test.each([
  { host: "127.0.0.1/predictions/m?" },
  { host: "127.0.0.1?x" },
  { host: "127.0.0.1#x" },
  { host: "user@127.0.0.1" },
  { host: "127.0.0.1, 127.0.0.1" },
  { host: "127.0.0.1:8080:1" },
  { host: "127.0.0.1:x" },
  { host: "a b" },
])(
  "every port refuses the Host '$host', which would shift the path or is two names",
  async ({ host }) => {
    for (const address of [LOOPBACK, EVERYWHERE, SOCKET]) {
      const response = await ask({ host }, { address });
      strictEqual(response.status, 400);
      deepStrictEqual(await response.json(), {
        code: 400,
        type: "BadRequestException",
        message: "Cannot read the request: its Host must be one name with an optional port",
      });
    }
  },
);

Deno.test.each([
  { origin: "http://evil.example" },
  { origin: "http://localhost:3000" },
  { origin: "http://127.0.0.1" },
  { origin: "null" },
  { origin: "http://localhost:8080.evil.example" },
  { origin: "" },
])("a page of '$origin' cannot ask a server of another origin", async ({ origin }) => {
  for (const address of [LOOPBACK, EVERYWHERE, SOCKET]) {
    for (const line of ["POST /predictions/m", "OPTIONS /models", "GET /docs", "PUT /models/m"]) {
      const headers = { origin, "host": "localhost:8080", "sec-fetch-site": "same-origin" };
      strictEqual(
        await readMessage(await ask(headers, { address }, line)),
        `Cannot answer a page of "${origin}": pages of other origins may not ask, unless the operator ` +
          "names theirs in cors_allowed_origin",
      );
    }
  }
});

Deno.test("a page of the server's own origin may ask, by whatever of its names", async () => {
  strictEqual((await ask({ host: "localhost:8080", origin: "http://localhost:8080" })).status, 200);
  strictEqual((await ask({ host: "LocalHost:1", origin: "https://localhost:1" })).status, 200);
  const { status } = await ask(
    { host: "models.example", origin: "https://models.example" },
    { address: EVERYWHERE },
  );
  strictEqual(status, 200);
});

Deno.test("a page of the origin in cors_allowed_origin may ask, one of another may not (§1.1)", async () => {
  const over = { allowedOrigin: "https://app.example" };
  strictEqual((await ask({ origin: "https://app.example" }, over)).status, 200);
  strictEqual((await ask({ origin: "http://app.example" }, over)).status, 403);
  strictEqual((await ask({ origin: "https://evil.example" }, over)).status, 403);
});

Deno.test("the name in cors_allowed_origin is one that a loopback port answers to, as behind a proxy", async () => {
  const over = { allowedOrigin: "https://App.example" };
  strictEqual((await ask({ host: "app.example" }, over)).status, 200);
  strictEqual((await ask({ host: "evil.example" }, over)).status, 403);
});

Deno.test("cors_allowed_origin=* lets every page ask, and a loopback port answer to every name (§1.1)", async () => {
  const over = { allowedOrigin: "*" };
  const headers = { "origin": "null", "host": "evil.example", "sec-fetch-site": "cross-site" };
  strictEqual((await ask(headers, over)).status, 200);
  strictEqual((await ask({ ...headers, host: "a/b" }, over)).status, 400);
});

Deno.test.each([{ site: "cross-site" }, { site: "same-site" }])(
  "a request without Origin that a browser calls $site is refused, but for the descriptions of the API",
  async ({ site }) => {
    const headers = { "sec-fetch-site": site };
    for (const line of ["GET /predictions/m", "GET /models", "PUT /models/m", "DELETE /models/m"]) {
      match(
        await readMessage(await ask(headers, {}, line)),
        /^Cannot answer a page of another site: /,
      );
    }
    for (const line of ["GET /docs", "GET /openapi.json", "OPTIONS /"]) {
      strictEqual((await ask(headers, {}, line)).status, 200);
    }
  },
);

Deno.test.each([{ site: "same-origin" }, { site: "none" }])(
  "a request that a browser calls $site passes: the page is the server's own, or the address was typed",
  async ({ site }) => {
    strictEqual((await ask({ "sec-fetch-site": site }, {}, "GET /models")).status, 200);
  },
);

Deno.test("without a Host the URL's authority is looked at, as HTTP/2 has it", async () => {
  const app = createExposedApp(() => new Response("app"), {
    address: LOOPBACK,
    cors: {},
    reportFailure: () => {},
  });
  strictEqual((await app(new Request("https://localhost:8080/ping"))).status, 200);
  strictEqual((await app(new Request("https://evil.example:8080/ping"))).status, 403);
});

const CORS = {
  allowedOrigin: "https://app.example",
  allowedMethods: "GET, POST",
  allowedHeaders: "content-type, authorization",
};

function findCorsHeaders({ headers }: Response): Record<string, string> {
  return Object.fromEntries([...headers].filter(([name]) => name.startsWith("access-control-")));
}

const SENT_CORS = {
  "access-control-allow-headers": "content-type, authorization",
  "access-control-allow-methods": "GET, POST",
  "access-control-allow-origin": "https://app.example",
};

Deno.test("the three CORS settings are on every answer verbatim, whoever asks: on 413 and refusals too (§1.1)", async () => {
  const answers: readonly [HttpApp, number][] = [
    [() => new Response("app"), 200],
    [() => Promise.resolve(new Response("app")), 200],
    [() => new Response(null, { status: 413 }), 413],
    [() => new Response("{}", { status: 503 }), 503],
  ];
  for (const [inner, status] of answers) {
    const app = createExposedApp(inner, { address: LOOPBACK, cors: CORS, reportFailure: () => {} });
    const response = await app(new Request("http://localhost/"));
    deepStrictEqual([response.status, findCorsHeaders(response)], [status, SENT_CORS]);
    const refused = await app(new Request("http://evil.example/"));
    deepStrictEqual([refused.status, findCorsHeaders(refused)], [403, SENT_CORS]);
  }
});

Deno.test("a CORS header that the handler set stays as it is (§1.1)", async () => {
  const headers = { "access-control-allow-origin": "https://mine.example" };
  const app = createExposedApp(() => new Response("app", { headers }), {
    address: LOOPBACK,
    cors: CORS,
    reportFailure: () => {},
  });
  deepStrictEqual(findCorsHeaders(await app(new Request("http://localhost/"))), {
    ...SENT_CORS,
    ...headers,
  });
});

Deno.test("without CORS settings, or with empty ones, answers have no CORS header (§1.1)", async () => {
  for (const cors of [{}, { allowedOrigin: "", allowedMethods: "", allowedHeaders: "" }]) {
    const app = createExposedApp(() => new Response("app"), {
      address: LOOPBACK,
      cors,
      reportFailure: () => {},
    });
    deepStrictEqual(findCorsHeaders(await app(new Request("http://localhost/"))), {});
  }
});
