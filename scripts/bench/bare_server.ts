/** The least a server can do on this runtime: read the body, answer a fixed one. */
const ANSWER = new TextEncoder().encode(JSON.stringify(Array.from({ length: 10 }, () => 0.1)));
const HEADERS = { "content-type": "application/json" };

Deno.serve(
  { hostname: "127.0.0.1", port: Number(Deno.args[0]), onListen() {} },
  async (request) => {
    await request.arrayBuffer();
    return new Response(ANSWER, { headers: HEADERS });
  },
);
