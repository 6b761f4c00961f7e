import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import { ProgressBar } from "../../../archiver/cli/progress_bar.ts";

const MEGABYTE = 1_000_000;

function createBar() {
  const lines: string[] = [];
  let nowMs = 0;
  const write = (text: string) => void lines.push(text);
  const bar = new ProgressBar({ write, now: () => nowMs, hasColor: false });
  const report = (atMs: number, doneBytes: number, totalBytes: number, fileName = "w.onnx") => {
    nowMs = atMs;
    bar.update({ fileName, doneBytes, totalBytes });
  };
  return { bar, lines, report };
}

Deno.test("ProgressBar shows bar, rate and remaining time of a file over 64 MB", () => {
  const { lines, report } = createBar();
  report(0, 0, 1000 * MEGABYTE);
  report(1000, 250 * MEGABYTE, 1000 * MEGABYTE);
  strictEqual(lines.at(-1), "\rw.onnx [######------------------]  25% 250 MB/s 0:03 left\x1b[K");
});

Deno.test("ProgressBar stays silent for a file of 64 MiB", () => {
  const { lines, report } = createBar();
  report(0, 1, 64 * 1024 * 1024);
  deepStrictEqual(lines, []);
});

Deno.test("ProgressBar draws at most ten times a second, and cleans up after the last report", () => {
  const { lines, report } = createBar();
  for (let ms = 0; ms <= 1000; ms++) report(ms, ms * MEGABYTE, 1000 * MEGABYTE);
  strictEqual(lines.length, 12);
  strictEqual(lines.at(-1), "\r\x1b[K");
});

Deno.test("ProgressBar shows no control character of a file's name", () => {
  const { lines, report } = createBar();
  report(0, 1, 1000 * MEGABYTE, "a\x1b]0;evil\x07b");
  match(lines[0]!, /^\ra\?\]0;evil\?b \[/);
});
