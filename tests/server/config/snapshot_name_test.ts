import { deepStrictEqual, strictEqual } from "node:assert/strict";
import {
  parseSnapshotName,
  toNextStamp,
  toSnapshotFileName,
} from "../../../server/config/snapshot_name.ts";

Deno.test.each([
  { fileName: "20261121024541133-startup.cfg", kind: "startup" },
  { fileName: "20261121024541133-snapshot.cfg", kind: "snapshot" },
  { fileName: "20261121024541133-shutdown.cfg", kind: "shutdown" },
])(
  "parseSnapshotName() reads $fileName, yyyyMMddHHmmssSSS and why it was written (§7)",
  (given) => {
    const name = parseSnapshotName(given.fileName)!;
    deepStrictEqual(name, { stamp: "20261121024541133", kind: given.kind });
    strictEqual(toSnapshotFileName(name), given.fileName);
  },
);

Deno.test.each([
  "config.properties",
  "20261121024541133.cfg",
  "20261121024541133-restart.cfg",
  "2026112102454113-startup.cfg",
  "20261121024541133-startup.cfg.bak",
  "20261321024541133-startup.cfg",
  "20260230024541133-startup.cfg",
  "99999999999999999-startup.cfg",
  "99991231235959999-startup.cfg",
  "00000101000000000-startup.cfg",
].map((fileName) => ({ fileName })))(
  "parseSnapshotName() takes $fileName for no snapshot",
  ({ fileName }) => strictEqual(parseSnapshotName(fileName), undefined),
);

Deno.test("toNextStamp() is the local time to the millisecond (§7)", () => {
  strictEqual(toNextStamp(new Date(2026, 10, 21, 2, 45, 41, 133), undefined), "20261121024541133");
});

Deno.test.each([
  { what: "the same millisecond", after: "20261121024541133", next: "20261121024541134" },
  { what: "a clock that was put back", after: "20261231235959999", next: "20270101000000000" },
  { what: "a leap year's end of February", after: "20280228235959999", next: "20280229000000000" },
])("toNextStamp() goes on after the newest one for $what", ({ after, next }) => {
  strictEqual(toNextStamp(new Date(2026, 10, 21, 2, 45, 41, 133), after), next);
});

Deno.test("toNextStamp() rises through the hour that summer time repeats", () => {
  const hours = { "2026-10-25T00:30:00Z": 120, "2026-10-25T01:30:00Z": 60 };
  let last: string | undefined;
  for (const [iso, offsetMinutes] of Object.entries(hours)) {
    const now = new Date(iso);
    now.getTimezoneOffset = () => -offsetMinutes;
    const stamp = toNextStamp(now, last);
    strictEqual(last === undefined || stamp > last, true);
    last = stamp;
  }
  strictEqual(last, "20261025023000001");
});
