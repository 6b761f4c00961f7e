import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { splitRuntimeFlags } from "../../server/_runtime_flags.ts";

const MAIN = "https://example.com/main.ts";

Deno.test("splitRuntimeFlags() keeps what finds and checks modules, with values of their own, and no permission", () => {
  const flags = ["run", "-A", "--lock=a.lock", "--frozen", "--cert", "ca.pem", "--allow-net=x"];
  deepStrictEqual(splitRuntimeFlags([...flags, MAIN, "serve", "--lock=no"], MAIN), {
    all: ["-A", "--lock=a.lock", "--frozen", "--cert", "ca.pem", "--allow-net=x"],
    modules: ["--lock=a.lock", "--frozen", "--cert", "ca.pem"],
  });
});

Deno.test("splitRuntimeFlags() answers nothing where the program is not on the command line", () => {
  strictEqual(splitRuntimeFlags(["run", "./main.ts"], MAIN), undefined);
});
