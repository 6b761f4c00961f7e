import { strictEqual } from "node:assert/strict";
import { nextAlarmState } from "../../../server/snapshots/mod.ts";

Deno.test.each(
  [
    { state: "quiet", attempt: "written", next: "quiet" },
    { state: "quiet", attempt: { failed: "startup" }, next: "warned" },
    { state: "quiet", attempt: { failed: "snapshot" }, next: "raised" },
    { state: "warned", attempt: { failed: "startup" }, next: "warned" },
    { state: "warned", attempt: { failed: "shutdown" }, next: "raised" },
    { state: "warned", attempt: "written", next: "quiet" },
    { state: "raised", attempt: { failed: "startup" }, next: "raised" },
    { state: "raised", attempt: { failed: "snapshot" }, next: "raised" },
    { state: "raised", attempt: "written", next: "quiet" },
  ] as const,
)(
  "nextAlarmState() goes from $state to $next after $attempt, so that each change is told once",
  ({ state, attempt, next }) => {
    strictEqual(nextAlarmState(state, attempt), next);
  },
);
