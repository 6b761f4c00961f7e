import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { LogFiles, type LogFileTrouble } from "../../../server/logging/mod.ts";
import { TempFolder } from "../../support/temp_folder.ts";

const DAY_MS = 24 * 60 * 60 * 1000;
const NOON = new Date(2024, 4, 30, 12).getTime();

interface Trouble extends LogFileTrouble {
  readonly message: string;
}

/** Opens log files in a folder, both kinds in the same. */
async function openIn(
  dir: string,
  options: { maxFileBytes?: number; now?: () => number; troubles?: Trouble[] } = {},
): Promise<LogFiles> {
  const { troubles = [], ...rest } = options;
  const onTrouble = (message: string, fields: LogFileTrouble) =>
    void troubles.push({ message, ...fields });
  return await LogFiles.open({ dir, metricsDir: dir, onTrouble, ...rest });
}

async function readGzip(path: string): Promise<string> {
  const file = await Deno.open(path);
  return await new Response(file.readable.pipeThrough(new DecompressionStream("gzip"))).text();
}

Deno.test("LogFiles.open() makes the five files in their two folders, though nothing is in them (§6)", async () => {
  await using temp = await TempFolder.create();
  await using _files = await LogFiles.open({
    dir: temp.at("deep/logs"),
    metricsDir: temp.at("metrics"),
    onTrouble: () => {},
  });
  deepStrictEqual(await temp.list("deep/logs"), ["access_log.log", "model_log.log", "ts_log.log"]);
  deepStrictEqual(await temp.list("metrics"), ["model_metrics.log", "ts_metrics.log"]);
});

Deno.test("LogFiles.write() appends to what earlier servers have left, and close() writes all of it", async () => {
  await using temp = await TempFolder.create();
  await Deno.writeTextFile(temp.at("ts_log.log"), "before\n");
  const files = await openIn(temp.path);
  files.write("ts_log", "one\n");
  files.write("ts_log", "two\n");
  await files.close();
  files.write("ts_log", "after the end\n");
  strictEqual(await Deno.readTextFile(temp.at("ts_log.log")), "before\none\ntwo\n");
});

Deno.test("LogFiles.flushSync() writes what waits within the same turn", async () => {
  await using temp = await TempFolder.create();
  await using files = await openIn(temp.path);
  files.write("ts_log", "the last words\n");
  files.flushSync();
  strictEqual(Deno.readTextFileSync(temp.at("ts_log.log")), "the last words\n");
});

Deno.test("LogFiles rotates a file that is full to access_log.30-May.log.gz, the second of a day beside the first (§6)", async () => {
  await using temp = await TempFolder.create();
  for (const text of ["first", "second", "third"]) {
    const files = await openIn(temp.path, { maxFileBytes: 8, now: () => NOON });
    files.write("access_log", `${text}\n`);
    await files.close();
    await Deno.utime(temp.at("access_log.log"), NOON / 1000, NOON / 1000);
  }
  const names = await temp.list();
  deepStrictEqual(names.filter((name) => name.startsWith("access_log")), [
    "access_log.30-May.2.log.gz",
    "access_log.30-May.log.gz",
    "access_log.log",
  ]);
  strictEqual(await readGzip(temp.at("access_log.30-May.log.gz")), "first\n");
  strictEqual(await readGzip(temp.at("access_log.30-May.2.log.gz")), "second\n");
  strictEqual(await Deno.readTextFile(temp.at("access_log.log")), "third\n");
});

Deno.test("LogFiles begins a new file with the day, and names the old one after its own (§6)", async () => {
  await using temp = await TempFolder.create();
  let now = NOON;
  const files = await openIn(temp.path, { now: () => now });
  files.write("ts_log", "on Thursday\n");
  files.flushSync();
  now += DAY_MS;
  files.write("ts_log", "on Friday\n");
  await files.close();
  strictEqual(await readGzip(temp.at("ts_log.30-May.log.gz")), "on Thursday\n");
  strictEqual(await Deno.readTextFile(temp.at("ts_log.log")), "on Friday\n");
});

Deno.test("LogFiles puts away what a server of an earlier day has left", async () => {
  await using temp = await TempFolder.create();
  await Deno.writeTextFile(temp.at("ts_log.log"), "yesterday\n");
  await Deno.utime(temp.at("ts_log.log"), (NOON - DAY_MS) / 1000, (NOON - DAY_MS) / 1000);
  const files = await openIn(temp.path, { now: () => NOON });
  files.write("ts_log", "today\n");
  await files.close();
  strictEqual(await readGzip(temp.at("ts_log.29-May.log.gz")), "yesterday\n");
  strictEqual(await Deno.readTextFile(temp.at("ts_log.log")), "today\n");
});

Deno.test("LogFiles keeps the newest five rotated files of each name, and no one else's (§6)", async () => {
  await using temp = await TempFolder.create();
  await Deno.writeTextFile(temp.at("ts_log.30-May.backup.gz"), "an operator's");
  let now = NOON;
  for (let day = 0; day < 8; day++, now += DAY_MS) {
    const files = await openIn(temp.path, { now: () => now });
    files.write("ts_log", `day ${day}\n`);
    await files.close();
    await Deno.utime(temp.at("ts_log.log"), now / 1000, now / 1000);
  }
  const names = await temp.list();
  deepStrictEqual(names.filter((name) => name.startsWith("ts_log")), [
    "ts_log.01-Jun.log.gz",
    "ts_log.02-Jun.log.gz",
    "ts_log.03-Jun.log.gz",
    "ts_log.04-Jun.log.gz",
    "ts_log.05-Jun.log.gz",
    "ts_log.30-May.backup.gz",
    "ts_log.log",
  ]);
  strictEqual(await readGzip(temp.at("ts_log.05-Jun.log.gz")), "day 6\n");
});

Deno.test("LogFiles.open() compresses what a killed server has rotated and left", async () => {
  await using temp = await TempFolder.create();
  await Deno.writeTextFile(temp.at("ts_log.29-May.log"), "whole\n");
  await Deno.writeTextFile(temp.at("ts_log.29-May.log.gz.tmp"), "half");
  await Deno.utime(temp.at("ts_log.29-May.log.gz.tmp"), 1, 1);
  await (await openIn(temp.path)).close();
  strictEqual(await readGzip(temp.at("ts_log.29-May.log.gz")), "whole\n");
  ok(!(await temp.list()).some((name) => name.endsWith(".tmp") || name === "ts_log.29-May.log"));
});

Deno.test("LogFiles of two servers in one folder lose no line, though one of them rotates", async () => {
  await using temp = await TempFolder.create();
  const first = await openIn(temp.path, { now: () => NOON });
  const second = await openIn(temp.path, { now: () => NOON + DAY_MS });
  first.write("ts_log", "first on Thursday\n");
  first.flushSync();
  await Deno.utime(temp.at("ts_log.log"), NOON / 1000, NOON / 1000);
  await second.close();
  const third = await openIn(temp.path, { now: () => NOON + DAY_MS });
  third.write("ts_log", "third on Friday\n");
  await third.close();
  first.write("ts_log", "first again\n");
  await first.close();
  strictEqual(await readGzip(temp.at("ts_log.30-May.log.gz")), "first on Thursday\n");
  const lines = (await Deno.readTextFile(temp.at("ts_log.log"))).split("\n");
  deepStrictEqual(lines, ["third on Friday", "first again", ""]);
});

Deno.test("LogFiles goes on in a new file when logrotate has taken the old one away", async () => {
  await using temp = await TempFolder.create();
  const files = await openIn(temp.path);
  await Deno.rename(temp.at("ts_log.log"), temp.at("taken"));
  files.write("ts_log", "new\n");
  await files.close();
  strictEqual(await Deno.readTextFile(temp.at("ts_log.log")), "new\n");
  strictEqual(await Deno.readTextFile(temp.at("taken")), "");
});

Deno.test({
  name:
    "LogFiles tells once of a disk that is full, loses the lines, and writes on once there is room",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    await using temp = await TempFolder.create();
    const troubles: Trouble[] = [];
    await Deno.symlink("/dev/full", temp.at("ts_log.log"));
    const told = Promise.withResolvers<void>();
    const files = await LogFiles.open({
      dir: temp.path,
      metricsDir: temp.path,
      onTrouble: (message, fields) => {
        troubles.push({ message, ...fields });
        files.write("ts_log", `${message}\n`);
        told.resolve();
      },
    });
    files.write("ts_log", `${"x".repeat(300_000)}\n`);
    files.write("access_log", "the others go on\n");
    await told.promise;
    await Deno.remove(temp.at("ts_log.log"));
    files.write("ts_log", "there is room\n");
    await files.close();
    const [trouble, recovery] = troubles;
    match(trouble!.message, /^Cannot write a log file/);
    match(trouble!.reason!, /No space left/);
    match(recovery!.message, /^Log files can be written again/);
    ok(recovery!.lostLines! >= 1);
    strictEqual(troubles.length, 2);
    match(await Deno.readTextFile(temp.at("ts_log.log")), /there is room\n/);
    strictEqual(await Deno.readTextFile(temp.at("access_log.log")), "the others go on\n");
  },
});

Deno.test("LogFiles.open() tells once of a folder that cannot be made, and writing there does no harm", async () => {
  await using temp = await TempFolder.create();
  await Deno.writeTextFile(temp.at("file"), "");
  const troubles: Trouble[] = [];
  const files = await openIn(temp.at("file/logs"), { troubles });
  files.write("ts_log", "nowhere\n");
  files.flushSync();
  await files.close();
  strictEqual(troubles.length, 1);
  match(troubles[0]!.message, /^Cannot write a log file/);
});
