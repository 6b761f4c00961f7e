import { ok } from "node:assert/strict";
import { createSystemClock } from "../../../server/scheduling/mod.ts";

Deno.test("createSystemClock() tells the machine's time, in parts of milliseconds", () => {
  const clock = createSystemClock();
  const readings = Array.from({ length: 1_000 }, () => clock.now());
  ok(Math.abs(readings[0]! - Date.now()) < 50);
  ok(readings.every((ms, index) => index === 0 || ms >= readings[index - 1]!));
  ok(readings.some((ms) => !Number.isInteger(ms)));
});
