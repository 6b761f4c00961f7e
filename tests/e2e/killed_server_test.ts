import { deepStrictEqual, notStrictEqual, strictEqual } from "node:assert/strict";
import { startMarina } from "../support/marina_process.ts";
import { createModelStore } from "../support/model_store.ts";
import { TempFolder } from "../support/temp_folder.ts";

const isElsewhere = Deno.build.os !== "linux";
const reason = isElsewhere ? " (skipped: owners are known on Linux only)" : "";

Deno.test({
  name:
    `serve removes what a server that was killed had unpacked, and leaves a running one's${reason}`,
  ignore: isElsewhere,
  async fn() {
    await using temp = await TempFolder.create();
    await using store = await createModelStore({
      mlp: {
        handler: "base_handler",
        serializedFile: "tests/testdata/bench/mlp.onnx",
        config: "minWorkers: 1\nmaxWorkers: 1\n",
      },
    });
    const start = () =>
      startMarina({
        args: ["--model-store", store.dir, "--models", "all"],
        env: { TMPDIR: temp.path },
      });
    await using running = await start();
    const [runningRoot] = await temp.list();
    await using killed = await start();
    notStrictEqual(await killed.stop("SIGKILL"), 0);
    strictEqual((await temp.list()).length, 2);

    await using next = await start();
    strictEqual(await next.stop(), 0);
    deepStrictEqual(await temp.list(), [runningRoot]);
    const response = await fetch(`${running.inferenceUrl}/predictions/mlp`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(Array(64).fill(0.5)),
    });
    strictEqual(response.status, 200);
    await response.body?.cancel();
    strictEqual(await running.stop(), 0);
    deepStrictEqual(await temp.list(), []);
  },
});
