const MS_PER_SECOND = 1000;

let cachedSecond = -1;
let cachedText = "";

/**
 * The time as the log files write it, log4j's `ISO8601`: `2024-05-30T21:46:03,625`, in the machine's own
 * zone and without naming it.
 *
 * Lines of one second share its text: thousands of access lines come in each.
 *
 * @param atMs Milliseconds since the epoch.
 */
export function toLogTimestamp(atMs: number): string {
  const second = Math.floor(atMs / MS_PER_SECOND);
  if (second !== cachedSecond) {
    cachedSecond = second;
    cachedText = toLocalSecond(new Date(atMs));
  }
  const ms = Math.floor(atMs) - second * MS_PER_SECOND;
  return cachedText + (ms < 10 ? "00" : ms < 100 ? "0" : "") + ms;
}

function toLocalSecond(date: Date): string {
  const day = [date.getFullYear(), date.getMonth() + 1, date.getDate()].map(pad).join("-");
  const time = [date.getHours(), date.getMinutes(), date.getSeconds()].map(pad).join(":");
  return `${day}T${time},`;
}

function pad(value: number): string {
  return String(value).padStart(2, "0");
}
