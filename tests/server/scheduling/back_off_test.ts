import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { BackOff } from "../../../server/scheduling/back_off.ts";

Deno.test("BackOff waits upstream's seconds, the last of them again and again (§8.5)", () => {
  const backOff = new BackOff({ maxRetryTimeoutMs: 1e9 });
  const delays = Array.from({ length: 19 }, () => backOff.nextDelayMs(0)! / 1_000);
  deepStrictEqual(delays, [
    1,
    1,
    2,
    3,
    5,
    8,
    13,
    21,
    34,
    55,
    89,
    144,
    233,
    377,
    610,
    987,
    1597,
    1597,
    1597,
  ]);
});

Deno.test("BackOff has the last try at the end of maxRetryTimeoutMs, and none after it (§8.5)", () => {
  const backOff = new BackOff({ maxRetryTimeoutMs: 2_500 });
  strictEqual(backOff.nextDelayMs(10_000), 1_000);
  strictEqual(backOff.nextDelayMs(11_000), 1_000);
  strictEqual(backOff.nextDelayMs(12_000), 500);
  strictEqual(backOff.nextDelayMs(12_500), undefined);
  deepStrictEqual(backOff.recovery, { startedAtMs: 10_000, failures: 4 });
});

Deno.test("BackOff never tries again where maxRetryTimeoutMs is 0", () => {
  strictEqual(new BackOff({ maxRetryTimeoutMs: 0 }).nextDelayMs(5), undefined);
});

Deno.test("BackOff.reset() opens the window anew", () => {
  const backOff = new BackOff({ maxRetryTimeoutMs: 1_000 });
  backOff.nextDelayMs(0);
  backOff.reset();
  strictEqual(backOff.recovery, undefined);
  strictEqual(backOff.nextDelayMs(5_000), 1_000);
});
