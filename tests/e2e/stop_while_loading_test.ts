import { deepStrictEqual } from "node:assert/strict";
import { startMarina } from "../support/marina_process.ts";
import { createModelStore } from "../support/model_store.ts";

const ECHO = {
  handler: "base_handler",
  serializedFile: "tests/testdata/models/identity_float32.onnx",
};

/** Spread over the time in which the workers load the runtime and build their sessions. */
const STOPS_AFTER_MS = Array.from({ length: 16 }, (_, index) => index * 6);

/** Stops at each moment, four servers at a time, and answers their exit codes. */
async function stopAtEach(isAskedTwice: boolean): Promise<number[]> {
  await using store = await createModelStore({ echo: ECHO });
  const moments = [...STOPS_AFTER_MS];
  const codes: number[] = [];
  await Promise.all(Array.from({ length: 4 }, async () => {
    for (let delayMs = moments.shift(); delayMs !== undefined; delayMs = moments.shift()) {
      await using server = await startMarina({
        args: ["--model-store", store.dir, "--models", "echo.mar"],
        config: { default_workers_per_model: 2 },
      });
      await new Promise((resolve) => setTimeout(resolve, delayMs));
      if (isAskedTwice) {
        server.kill("SIGTERM");
        await server.waitForStderr(/Stopping/).catch(() => "it has ended");
      }
      codes.push(await server.stop("SIGTERM"));
    }
  }));
  return codes;
}

const IGNORE_WINDOWS = { ignore: Deno.build.os === "windows" };

Deno.test(
  "serve ends with code 0 at whatever moment of a model's load SIGTERM comes",
  IGNORE_WINDOWS,
  async () => {
    deepStrictEqual(await stopAtEach(false), STOPS_AFTER_MS.map(() => 0));
  },
);

Deno.test(
  "serve ends with code 143 at the second SIGTERM, though a worker is inside the native runtime",
  IGNORE_WINDOWS,
  async () => {
    const codes = await stopAtEach(true);
    // A server that had nothing left to wait for has ended at the first signal.
    deepStrictEqual(codes.filter((code) => code !== 0 && code !== 143), []);
  },
);
