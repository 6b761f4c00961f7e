import { ok, strictEqual } from "node:assert/strict";
import { fileURLToPath } from "node:url";

const CLIENT_PATH = fileURLToPath(
  new URL("../../../scripts/bench/load_client.ts", import.meta.url),
);
const SECONDS = 0.2;

/** Runs the generator against a server of this process that notes the bodies it gets. */
async function runClient(answer: () => Response) {
  const bodies = new Set<string>();
  const bodyPath = await Deno.makeTempFile();
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    async (request) => {
      bodies.add(
        `${request.method} ${request.headers.get("content-type")} ${await request.text()}`,
      );
      return answer();
    },
  );
  try {
    await Deno.writeTextFile(bodyPath, "[1,2]");
    const url = `http://127.0.0.1:${server.addr.port}/x`;
    const { stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", CLIENT_PATH, url, bodyPath, "application/json", "2", String(SECONDS)],
      stderr: "inherit",
    }).output();
    return { outcome: JSON.parse(new TextDecoder().decode(stdout)), bodies: [...bodies] };
  } finally {
    await Deno.remove(bodyPath);
  }
}

Deno.test("load_client.ts posts the body as it is and counts every answer", async () => {
  let answered = 0;
  const { outcome, bodies } = await runClient(() => new Response(`answer ${answered++}`));
  strictEqual(bodies.join(), "POST application/json [1,2]");
  strictEqual(outcome.errors, 0);
  ok(outcome.p50Ms > 0 && outcome.p50Ms <= outcome.p99Ms);
  // The clock runs until the last connection has its last answer, so a little over the time asked for.
  ok(outcome.requestsPerSecond <= answered / SECONDS);
  ok(outcome.requestsPerSecond > answered / SECONDS / 3);
});

Deno.test("load_client.ts counts an answer that is no 2xx as an error", async () => {
  const { outcome } = await runClient(() => new Response("no", { status: 503 }));
  strictEqual(outcome.errors, 2);
});
