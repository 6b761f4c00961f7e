import { strictEqual } from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { TempFolder } from "../../../support/temp_folder.ts";

const ROOT = new URL("../../../../", import.meta.url);
const MODULE = new URL("server/scheduling/process/_parent_watch.ts", ROOT).href;

/** A worker's process without the C library, whose handler is caught in a loop. */
const PROGRAM = `import { bindToParent } from ${JSON.stringify(MODULE)};
bindToParent({ libc: undefined, parentPid: Deno.ppid });
Deno.stdout.writeSync(new TextEncoder().encode("bound"));
for (;;);
`;

Deno.test("bindToParent() ends a process in an endless loop when stdin ends, where it may read no module of its own", async () => {
  await using folder = await TempFolder.create();
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--no-check", "--allow-sys", "--allow-env"]
      .concat(`--allow-read=${folder.at("model")}`)
      .concat("--config", fileURLToPath(new URL("deno.json", ROOT)))
      .concat(await folder.write("main.ts", PROGRAM)),
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const reader = child.stdout.getReader();
  try {
    strictEqual(new TextDecoder().decode((await reader.read()).value), "bound");
    await child.stdin.close();
    strictEqual((await child.status).signal, "SIGKILL");
  } finally {
    await reader.cancel();
  }
});
