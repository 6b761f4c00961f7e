import { strictEqual } from "node:assert/strict";
import { type MarinaProcess, startMarina } from "../support/marina_process.ts";
import { createModelStore } from "../support/model_store.ts";

/** The status line's number for a request written by hand. */
async function ask(url: string, lines: readonly string[]): Promise<number> {
  const { hostname, port } = new URL(url);
  using connection = await Deno.connect({ hostname, port: Number(port) });
  await connection.write(
    new TextEncoder().encode(`${[...lines, "Connection: close"].join("\r\n")}\r\n\r\n`),
  );
  const text = await new Response(connection.readable).text();
  return Number(text.slice(9, 12));
}

function portsOf(marina: MarinaProcess): [string, string][] {
  return [
    [marina.inferenceUrl, "/ping"],
    [marina.managementUrl, "/models"],
    [marina.metricsUrl!, "/metrics"],
  ];
}

Deno.test("serve is not driven by a browser page of another origin, on any port", async (t) => {
  await using store = await createModelStore({});
  await using marina = await startMarina({ args: ["--model-store", store.dir, "--ncs"] });
  for (const [url, path] of portsOf(marina)) {
    const own = new URL(url).host;
    const cases: readonly [string, readonly string[], number][] = [
      ["a client that is no browser", [`Host: ${own}`], 200],
      ["a client of HTTP/1.0 without Host", [], 200],
      ["the server's own page", [`Host: ${own}`, `Origin: http://${own}`], 200],
      ["a typed address", [`Host: ${own}`, "Sec-Fetch-Site: none"], 200],
      ["a page of another origin", [`Host: ${own}`, "Origin: http://evil.example"], 403],
      ["a page of another port", [`Host: ${own}`, "Origin: http://localhost:1"], 403],
      ["a file or a sandboxed frame", [`Host: ${own}`, "Origin: null"], 403],
      ["an image of another site", [`Host: ${own}`, "Sec-Fetch-Site: cross-site"], 403],
      ["a name that was rebound", ["Host: evil.example"], 403],
      ["two hosts", [`Host: ${own}`, "Host: evil.example"], 400],
      ["a Host that holds a path", [`Host: ${own}/models?`], 400],
      ["a Host that holds a query", [`Host: ${own}?x`], 400],
      ["a Host with a user", [`Host: x@${own}`], 400],
      ["a Host of other characters", ["Host: locälhost"], 400],
    ];
    for (const [what, lines, status] of cases) {
      await t.step(`GET ${path} answers ${status} to ${what}`, async () => {
        const version = lines.length === 0 ? "1.0" : "1.1";
        strictEqual(await ask(url, [`GET ${path} HTTP/${version}`, ...lines]), status);
      });
    }
    await t.step(
      `GET ${path} in the absolute form reaches the path, whatever its authority`,
      async () => {
        const lines = [`GET http://other.example${path} HTTP/1.1`, `Host: ${own}`];
        strictEqual(await ask(url, lines), 200);
      },
    );
  }
});
