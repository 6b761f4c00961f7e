import { strictEqual } from "node:assert/strict";
import { clampEntrySec, toCreatedOn, toDosTime } from "../../../archiver/packing/timestamps.ts";

Deno.test.each([
  { sec: 0, clamped: 315_532_800 },
  { sec: -1, clamped: 315_532_800 },
  { sec: 1_714_979_290.9, clamped: 1_714_979_290 },
  { sec: 1e12, clamped: 4_354_819_198 },
])("clampEntrySec() moves $sec to $clamped", ({ sec, clamped }) => {
  strictEqual(clampEntrySec(sec), clamped);
});

Deno.test("toCreatedOn() writes day, month, year and time of day in UTC", () => {
  strictEqual(toCreatedOn(Date.UTC(2026, 1, 3, 4, 5, 6) / 1000), "03/02/2026 04:05:06");
});

Deno.test("toDosTime() packs the date above the time, in steps of two seconds", () => {
  const expected = (2026 - 1980) * 2 ** 25 + 2 * 2 ** 21 + 3 * 2 ** 16 + 4 * 2 ** 11 + 5 * 2 ** 5 +
    3;
  strictEqual(toDosTime(Date.UTC(2026, 1, 3, 4, 5, 7) / 1000), expected);
});
