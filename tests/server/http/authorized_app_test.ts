import { deepStrictEqual, notStrictEqual, ok, strictEqual } from "node:assert/strict";
import { type RotatedRole, TokenAuthority } from "../../../server/authorization/mod.ts";
import { createAuthorizedApp, type HttpApp } from "../../../server/http/mod.ts";
import { TempFolder } from "../../support/temp_folder.ts";

const REFUSED = {
  code: 400,
  type: "InvalidKeyException",
  message: "Token Authorization failed. Token either incorrect, expired, or not provided correctly",
};
const REFUSED_BY_TOKEN_PATH = {
  ...REFUSED,
  message:
    "Token Authentication failed. Token either incorrect, expired, or not provided correctly",
};

/** Real keys in a folder of their own, and what reached the guarded app. */
class Fixture implements AsyncDisposable {
  readonly reached: string[] = [];
  readonly failures: unknown[] = [];

  private constructor(readonly folder: TempFolder, readonly tokens: TokenAuthority) {}

  static async create(): Promise<Fixture> {
    const folder = await TempFolder.create();
    const tokens = await TokenAuthority.open({
      keyFile: folder.at("key_file.json"),
      expirationMs: 60_000,
      now: () => 0,
      schedule: () => () => {},
    });
    return new Fixture(folder, tokens);
  }

  key(role: "management" | "inference" | "API"): string {
    return JSON.parse(Deno.readTextFileSync(this.folder.at("key_file.json")))[role].key;
  }

  app(role: RotatedRole): HttpApp {
    const inner: HttpApp = (request) => {
      this.reached.push(`${request.method} ${new URL(request.url).pathname}`);
      return new Response("app");
    };
    const reportFailure = (error: unknown) => void this.failures.push(error);
    return createAuthorizedApp(inner, { tokens: this.tokens, role, reportFailure });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.tokens[Symbol.dispose]();
    await this.folder[Symbol.asyncDispose]();
  }
}

function toRequest(line: string, authorization?: string, headers: HeadersInit = {}): Request {
  const [method, path] = line.split(" ");
  const request = new Request(`http://localhost:1${path}`, { method, headers });
  if (authorization !== undefined) request.headers.set("authorization", authorization);
  return request;
}

async function readJson(response: Response): Promise<unknown> {
  strictEqual(response.headers.get("content-type"), "application/json");
  return await response.json();
}

Deno.test.each(
  [
    { line: "GET /ping", role: "inference" },
    { line: "POST /predictions/m", role: "inference" },
    { line: "GET /no/such/path", role: "inference" },
    { line: "GET /%", role: "inference" },
    { line: "GET /docs/predict", role: "inference" },
    { line: "GET /token", role: "inference" },
    { line: "OPTIONS /predictions/m", role: "inference" },
    { line: "GET /", role: "inference" },
    { line: "GET /models", role: "management" },
    { line: "OPTIONS /models", role: "management" },
    { line: "GET /v1/models/m", role: "management" },
    { line: "GET /token/x", role: "management" },
  ] as const,
)(
  "createAuthorizedApp() answers $line without the token 400 before it is routed, health and preflights too (T1, §1.9)",
  async ({ line, role }) => {
    await using fixture = await Fixture.create();
    const app = fixture.app(role);
    const headers = { "access-control-request-method": "POST" };
    const other = role === "inference" ? "management" : "inference";
    for (const header of [undefined, "Bearer x", `Bearer ${fixture.key(other)}`]) {
      const response = await app(toRequest(line, header, headers));
      strictEqual(response.status, 400);
      deepStrictEqual(await readJson(response), REFUSED);
      strictEqual(response.headers.get("connection"), "close", "(T24)");
    }
    deepStrictEqual(fixture.reached, []);
    const answered = await app(toRequest(line, `Bearer ${fixture.key(role)}`));
    strictEqual(await answered.text(), "app");
  },
);

Deno.test.each([
  { line: "OPTIONS /" },
  { line: "GET /api-description" },
  { line: "DELETE /api-description/" },
  { line: "GET /%61pi-description" },
  { line: "GET /openapi.json" },
  { line: "GET /docs" },
])(
  "createAuthorizedApp() lets $line pass without a token: it describes the API (§1.9)",
  async ({ line }) => {
    await using fixture = await Fixture.create();
    for (const role of ["inference", "management"] as const) {
      const response = await fixture.app(role)(toRequest(line, "Bearer wrong"));
      strictEqual(await response.text(), "app");
    }
  },
);

Deno.test.each([{ method: "GET" }, { method: "POST" }, { method: "PUT" }, { method: "OPTIONS" }])(
  "$method /token?type=… makes a key anew for the API key, and answers a lone line feed (§1.9, T35)",
  async ({ method }) => {
    await using fixture = await Fixture.create();
    const app = fixture.app("management");
    for (const role of ["management", "inference"] as const) {
      const before = fixture.key(role);
      const api = `Bearer ${fixture.key("API")}`;
      const response = await app(toRequest(`${method} /token?type=${role}`, api));
      strictEqual(response.status, 200);
      strictEqual(await response.text(), "\n");
      ok(response.headers.has("x-request-id"));
      notStrictEqual(fixture.key(role), before);
      ok(!fixture.tokens.isAuthorized(role, `Bearer ${before}`));
    }
    deepStrictEqual(fixture.reached, []);
  },
);

Deno.test("/token answers 400 and changes nothing for a wrong key and a wrong or missing type (§1.9)", async () => {
  await using fixture = await Fixture.create();
  const app = fixture.app("management");
  const keys = await Deno.readTextFile(fixture.folder.at("key_file.json"));
  const api = `Bearer ${fixture.key("API")}`;
  const cases: readonly [string, string | undefined][] = [
    ["/token", api],
    ["/token?type=", api],
    ["/token?type=API", api],
    ["/token?type=Inference", api],
    ["/token?kind=inference", api],
    ["/token?type=inference", undefined],
    ["/token?type=inference", `Bearer ${fixture.key("inference")}`],
    ["/token?type=management", `Bearer ${fixture.key("management")}`],
  ];
  for (const [path, header] of cases) {
    const response = await app(toRequest(`GET ${path}`, header));
    strictEqual(response.status, 400, path);
    deepStrictEqual(await readJson(response), REFUSED_BY_TOKEN_PATH);
  }
  strictEqual(await Deno.readTextFile(fixture.folder.at("key_file.json")), keys);
});

Deno.test("a header that holds /token does not take the request over, upstream's does (§1.9, T35)", async () => {
  await using fixture = await Fixture.create();
  const app = fixture.app("management");
  const headers = { "referer": "http://x/token?type=inference", "user-agent": "/token" };
  const response = await app(
    toRequest("GET /models?next=/token", `Bearer ${fixture.key("management")}`, headers),
  );
  strictEqual(await response.text(), "app");
  deepStrictEqual(fixture.reached, ["GET /models"]);
});

Deno.test("/token answers 500 with a fixed sentence when the file cannot be written, and keeps the key", async () => {
  await using fixture = await Fixture.create();
  const app = fixture.app("management");
  const [key, api] = [fixture.key("inference"), fixture.key("API")];
  await Deno.rename(fixture.folder.path, `${fixture.folder.path}-away`);
  try {
    const response = await app(toRequest("GET /token?type=inference", `Bearer ${api}`));
    strictEqual(response.status, 500);
    ok(!(await response.text()).includes(fixture.folder.path));
    strictEqual(fixture.failures.length, 1);
    ok(fixture.tokens.isAuthorized("inference", `Bearer ${key}`));
  } finally {
    await Deno.rename(`${fixture.folder.path}-away`, fixture.folder.path);
  }
});
