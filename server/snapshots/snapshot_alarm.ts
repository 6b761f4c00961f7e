import type { SnapshotKind } from "../config/mod.ts";

/** What the log has been told of snapshots that could not be written. */
export type AlarmState = "quiet" | "warned" | "raised";

/**
 * What the log is told next, once for each change and not for each attempt.
 *
 * A server that could not write its first file is warned of, as its operator may have set it up so; the
 * first change that is not on disk is an error, as a restart would lose it.
 *
 * @example A full disk, and room again
 * ```ts
 * import { strictEqual } from "node:assert";
 * import { nextAlarmState } from "./snapshot_alarm.ts";
 *
 * strictEqual(nextAlarmState("quiet", { failed: "snapshot" }), "raised");
 * strictEqual(nextAlarmState("raised", { failed: "snapshot" }), "raised");
 * strictEqual(nextAlarmState("raised", "written"), "quiet");
 * ```
 */
export function nextAlarmState(
  state: AlarmState,
  attempt: "written" | { readonly failed: SnapshotKind },
): AlarmState {
  if (attempt === "written") return "quiet";
  return state === "raised" || attempt.failed !== "startup" ? "raised" : "warned";
}
