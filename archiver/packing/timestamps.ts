/** 1980-01-01 00:00:00 UTC: the first moment that a zip can name. */
export const EARLIEST_ENTRY_SEC = 315_532_800;

/** 2107-12-31 23:59:58 UTC: the last one. */
export const LATEST_ENTRY_SEC = 4_354_819_198;

/** Moves a moment into the years that all archive formats can name; whole seconds. */
export function clampEntrySec(sec: number): number {
  return Math.min(Math.max(Math.floor(sec), EARLIEST_ENTRY_SEC), LATEST_ENTRY_SEC);
}

/** The manifest's form of a moment, `dd/mm/yyyy hh:mm:ss`; UTC, whatever the machine's zone. */
export function toCreatedOn(sec: number): string {
  const [date, time] = new Date(sec * 1000).toISOString().split("T") as [string, string];
  return `${date.split("-").reverse().join("/")} ${time.slice(0, 8)}`;
}

/** A zip's 32 bits of date and time: UTC, in steps of two seconds, rounded down. */
export function toDosTime(sec: number): number {
  const date = new Date(clampEntrySec(sec) * 1000);
  const day = (date.getUTCFullYear() - 1980) << 9 | (date.getUTCMonth() + 1) << 5 |
    date.getUTCDate();
  const time = date.getUTCHours() << 11 | date.getUTCMinutes() << 5 | date.getUTCSeconds() >> 1;
  return (day << 16 | time) >>> 0;
}
