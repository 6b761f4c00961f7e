import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { watchStopSignals } from "../../server/_stop_signals.ts";

Deno.test("watchStopSignals() takes a signal that was handed on as a stop, and a second one as the end", async () => {
  using signals = watchStopSignals();
  signals.receive("SIGINT");
  await signals.stopAsked;
  signals.receive("SIGINT");
  strictEqual(await signals.exitAsked, 130);
});

Deno.test({
  name: "watchStopSignals() counts a signal once that came by itself and was handed on",
  ignore: Deno.build.os === "windows",
  async fn() {
    using signals = watchStopSignals();
    // A signal's listener alone keeps no process waiting.
    const waiting = setInterval(() => {}, 1000);
    Deno.kill(Deno.pid, "SIGTERM");
    await signals.stopAsked;
    clearInterval(waiting);
    signals.receive("SIGTERM");
    const first = await Promise.race([signals.exitAsked, Promise.resolve("running")]);
    deepStrictEqual(first, "running");
    signals.receive("SIGTERM");
    strictEqual(await signals.exitAsked, 143);
  },
});
