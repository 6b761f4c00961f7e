/** When a snapshot is written: once the server runs, after a change of its models, before it stops. */
export type SnapshotKind = "startup" | "snapshot" | "shutdown";

export interface SnapshotName {
  /** `yyyyMMddHHmmssSSS`, local time; of two snapshots the one with the larger text is newer. */
  readonly stamp: string;
  readonly kind: SnapshotKind;
}

const NAME_REGEXP = /^(\d{17})-(startup|snapshot|shutdown)\.cfg$/;
const STAMP_REGEXP = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d{3})$/;

/**
 * Reads the name of a snapshot's file.
 *
 * @example
 * ```ts
 * import { deepStrictEqual } from "node:assert/strict";
 * import { parseSnapshotName } from "./snapshot_name.ts";
 *
 * deepStrictEqual(parseSnapshotName("20261121024541133-startup.cfg"), {
 *   stamp: "20261121024541133",
 *   kind: "startup",
 * });
 * deepStrictEqual(parseSnapshotName("20261321024541133-startup.cfg"), undefined);
 * ```
 *
 * @returns `undefined` for any other name, one whose time is no time among them.
 */
export function parseSnapshotName(fileName: string): SnapshotName | undefined {
  const match = NAME_REGEXP.exec(fileName);
  if (match === null) return undefined;
  const stamp = match[1]!;
  const year = Number(stamp.slice(0, 4));
  const isTime = year > 0 && year < 9999 && toStamp(toStampMs(stamp)) === stamp;
  return isTime ? { stamp, kind: match[2] as SnapshotKind } : undefined;
}

export function toSnapshotFileName({ stamp, kind }: SnapshotName): string {
  return `${stamp}-${kind}.cfg`;
}

/**
 * The stamp of a moment, but always a later one than `after`: so that two snapshots of one millisecond,
 * of an hour that summer time repeats, or of a clock that was put back keep their order.
 *
 * @param now Its local time counts.
 * @param after The newest stamp so far.
 */
export function toNextStamp(now: Date, after: string | undefined): string {
  const localMs = now.getTime() - now.getTimezoneOffset() * 60_000;
  const stamp = toStamp(localMs);
  return after === undefined || stamp > after ? stamp : toStamp(toStampMs(after) + 1);
}

/** As if local time were UTC, which has no hour twice. */
function toStampMs(stamp: string): number {
  const [year, month, day, hour, minute, second, ms] = STAMP_REGEXP.exec(stamp)!.slice(1).map(
    Number,
  ) as [number, number, number, number, number, number, number];
  return new Date(0).setUTCFullYear(year, month - 1, day) +
    ((hour * 60 + minute) * 60 + second) * 1000 + ms;
}

function toStamp(ms: number): string {
  return new Date(ms).toISOString().replaceAll(/\D/g, "");
}
