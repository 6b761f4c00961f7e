import { deepStrictEqual } from "node:assert/strict";
import { choosePorts } from "../../scripts/_demo_ports.ts";

Deno.test("choosePorts() keeps free ports and puts 0 for one that is taken", () => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  let freePort: number;
  {
    using free = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    freePort = free.addr.port;
  }
  const wanted = { inference: taken.addr.port, management: freePort, metrics: 0 };
  deepStrictEqual(choosePorts(wanted), {
    ports: { inference: 0, management: freePort, metrics: 0 },
    busy: [taken.addr.port],
  });
});
