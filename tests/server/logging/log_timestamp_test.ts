import { match, strictEqual } from "node:assert/strict";
import { toLogTimestamp } from "../../../server/logging/mod.ts";

Deno.test("toLogTimestamp() writes log4j's ISO8601: local time, a comma before the milliseconds (§6)", () => {
  strictEqual(
    toLogTimestamp(new Date(2024, 4, 30, 21, 46, 3, 625).getTime()),
    "2024-05-30T21:46:03,625",
  );
});

Deno.test.each([
  { ms: 0, text: "000" },
  { ms: 7, text: "007" },
  { ms: 42, text: "042" },
  { ms: 999, text: "999" },
])("toLogTimestamp() writes $ms ms as $text, also for a second that it has just written", (row) => {
  const at = new Date(2024, 0, 2, 3, 4, 5, row.ms).getTime();
  strictEqual(toLogTimestamp(at), `2024-01-02T03:04:05,${row.text}`);
});

Deno.test("toLogTimestamp() goes on to the next second, and back", () => {
  const at = new Date(2024, 0, 2, 3, 4, 59, 999).getTime();
  strictEqual(toLogTimestamp(at), "2024-01-02T03:04:59,999");
  strictEqual(toLogTimestamp(at + 1), "2024-01-02T03:05:00,000");
  strictEqual(toLogTimestamp(at), "2024-01-02T03:04:59,999");
  match(toLogTimestamp(at + 0.75), /,999$/);
});
