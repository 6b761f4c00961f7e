import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { PAGE_POLICY } from "../../../server/openapi/mod.ts";
import { createAppOf } from "./_apps_by_port.ts";

const HOST = "http://127.0.0.1:8080";

for (const port of ["inference", "management"] as const) {
  Deno.test.each([["/docs", ""], ["/docs/", "../"]])(
    `GET %s answers the API page of the ${port} port, whose links begin with '%s'`,
    async (path, root) => {
      const response = await createAppOf(port)(new Request(HOST + path));
      strictEqual(response.status, 200);
      strictEqual(response.headers.get("content-type"), "text/html; charset=utf-8");
      strictEqual(response.headers.get("content-security-policy"), PAGE_POLICY);
      const html = await response.text();
      const links = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map((found) => found[1]!);
      deepStrictEqual(links, [
        "data:,",
        `${root}docs/swagger-ui.css?v=1.2.3`,
        `${root}openapi.json`,
        `${root}docs/swagger-ui-bundle.js?v=1.2.3`,
        `${root}docs/start.js?v=1.2.3`,
      ]);
    },
  );

  Deno.test.each([
    ["swagger-ui.css", /^text\/css/],
    ["swagger-ui-bundle.js", /^text\/javascript/],
    ["start.js", /^text\/javascript/],
  ])(`GET /docs/%s answers a file of the page on the ${port} port`, async (name, type) => {
    const response = await createAppOf(port)(new Request(`${HOST}/docs/${name}?v=1.2.3`));
    strictEqual(response.status, 200);
    match(response.headers.get("content-type")!, type);
    match(response.headers.get("cache-control")!, /max-age/);
    ok((await response.arrayBuffer()).byteLength > 100);
  });

  Deno.test.each(["/docs/package.json", "/docs/..%2Fpackage.json", "/docs/none.js"])(
    `GET %s answers 404 on the ${port} port: the page has no such file`,
    async (path) => {
      const response = await createAppOf(port)(new Request(HOST + path));
      deepStrictEqual([response.status, (await response.json()).type], [
        404,
        "ResourceNotFoundException",
      ]);
    },
  );

  Deno.test(`POST /docs answers 405 on the ${port} port`, async () => {
    strictEqual(
      (await createAppOf(port)(new Request(`${HOST}/docs`, { method: "POST" }))).status,
      405,
    );
  });
}

Deno.test("PAGE_POLICY names no other host, and lets nothing inline run", () => {
  const sources = PAGE_POLICY.split("; ").flatMap((directive) => directive.split(" ").slice(1));
  deepStrictEqual([...new Set(sources)].sort(), ["'none'", "'self'", "data:"]);
});
