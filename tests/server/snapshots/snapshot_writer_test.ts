import { deepStrictEqual, match, notStrictEqual, strictEqual } from "node:assert/strict";
import { parse } from "dot-properties";
import { findNewestSnapshot, parseRestorePoint } from "../../../server/config/mod.ts";
import {
  type ServerState,
  SnapshotWriter,
  type SnapshotWriterOptions,
} from "../../../server/snapshots/mod.ts";
import { TempFolder } from "../../support/temp_folder.ts";
import { createRestored } from "./_models.ts";

const NOON = new Date(2026, 10, 21, 12, 0, 0, 0);

/** A writer whose clock stands still, and its state, which the tests change. */
function createWriter(dir: string, over: Partial<SnapshotWriterOptions> = {}) {
  const failures: unknown[] = [];
  const parts = { state: createState(1), failures, described: 0 };
  const writer = new SnapshotWriter({
    dir,
    describe: () => {
      parts.described++;
      return parts.state;
    },
    properties: new Map([["model_store", "/store"]]),
    configFile: "",
    serverVersion: "0.1.0",
    now: () => NOON,
    onFailure: (error) => void failures.push(error),
    ...over,
  });
  return { writer, parts };
}

function createState(minWorkers: number): ServerState {
  return { models: [createRestored({ minWorkers, maxWorkers: 512 })], traffic: {} };
}

/** What a start would restore. */
async function readMinWorkers(dir: string): Promise<number | undefined> {
  const { path, text } = await findNewestSnapshot(dir) as { path: string; text: string };
  const json = parse(text).model_snapshot as string;
  return parseRestorePoint(path, json).models[0]!.minWorkers;
}

Deno.test("SnapshotWriter writes at startup, after each change and at shutdown, in order within one millisecond (§7)", async () => {
  await using folder = await TempFolder.create();
  const { writer, parts } = createWriter(folder.at("config"));
  await writer.mark("startup");
  parts.state = createState(2);
  await writer.save();
  parts.state = createState(3);
  await writer.save();
  await writer.mark("shutdown");
  deepStrictEqual(await folder.list("config"), [
    "20261121120000000-startup.cfg",
    "20261121120000001-snapshot.cfg",
    "20261121120000002-snapshot.cfg",
    "20261121120000003-shutdown.cfg",
  ]);
  strictEqual(await readMinWorkers(folder.at("config")), 3);
});

Deno.test("SnapshotWriter names its first file after all that are there, a broken one's too", async () => {
  await using folder = await TempFolder.create();
  await folder.write("20990101000000000-shutdown.cfg", "broken");
  const { writer } = createWriter(folder.path);
  await writer.mark("startup");
  deepStrictEqual((await folder.list()).at(-1), "20990101000000001-startup.cfg");
});

Deno.test("SnapshotWriter lets nobody else read a file, as it may hold a password", async () => {
  await using folder = await TempFolder.create();
  const { writer } = createWriter(folder.path);
  await writer.mark("startup");
  const [name] = await folder.list();
  if (Deno.build.os !== "windows") {
    strictEqual((await Deno.stat(folder.at(name!))).mode! & 0o777, 0o600);
  }
});

Deno.test("SnapshotWriter.save() writes nothing when nothing has changed", async () => {
  await using folder = await TempFolder.create();
  const { writer, parts } = createWriter(folder.path);
  await writer.mark("startup");
  await writer.save();
  strictEqual((await folder.list()).length, 1);
  parts.state = createState(2);
  await writer.save();
  parts.state = createState(1);
  await writer.save();
  strictEqual((await folder.list()).length, 3);
  strictEqual(await readMinWorkers(folder.path), 1);
});

Deno.test("SnapshotWriter.save() shares one write among the calls of a burst", async () => {
  await using folder = await TempFolder.create();
  const { writer, parts } = createWriter(folder.path);
  const saves: Promise<void>[] = [];
  for (let workers = 1; workers <= 200; workers++) {
    parts.state = createState(workers);
    saves.push(writer.save());
  }
  await Promise.all(saves);
  strictEqual(await readMinWorkers(folder.path), 200);
  strictEqual(parts.described, 1);
});

Deno.test("SnapshotWriter.save() waits for a write that began after it, not for the one under way", async () => {
  await using folder = await TempFolder.create();
  let onDescribe: (() => void) | undefined;
  let state = createState(1);
  const { writer } = createWriter(folder.path, {
    describe: () => {
      onDescribe?.();
      return state;
    },
  });
  let second: Promise<void> | undefined;
  onDescribe = () => {
    onDescribe = undefined;
    // Comes once the first write has its state.
    queueMicrotask(() => {
      state = createState(2);
      second = writer.save();
    });
  };
  await writer.save();
  await second;
  strictEqual(await readMinWorkers(folder.path), 2);
});

Deno.test("SnapshotWriter never shows a file that is not whole", async () => {
  await using folder = await TempFolder.create();
  const { writer, parts } = createWriter(folder.path);
  await writer.mark("startup");
  let isWriting = true;
  const reader = (async () => {
    while (isWriting) deepStrictEqual((await findNewestSnapshot(folder.path)).skipped, []);
  })();
  for (let workers = 1; workers <= 60; workers++) {
    parts.state = createState(workers);
    await writer.save();
  }
  isWriting = false;
  await reader;
});

Deno.test("SnapshotWriter keeps the newest 100 files, and the one that the server was started with (TorchServe keeps all)", async () => {
  await using folder = await TempFolder.create();
  const started = await folder.write("20200101000000000-snapshot.cfg");
  const foreign = "20200101000000000.cfg";
  await folder.write(foreign);
  const { writer, parts } = createWriter(folder.path, { configFile: started });
  for (let workers = 1; workers <= 110; workers++) {
    parts.state = createState(workers);
    await writer.save();
  }
  const files = await folder.list();
  strictEqual(files.length, 102);
  deepStrictEqual(files.slice(0, 2), ["20200101000000000-snapshot.cfg", foreign]);
  strictEqual(await readMinWorkers(folder.path), 110);
});

Deno.test("SnapshotWriter removes what killed servers were writing, but not what another writes now", async () => {
  await using folder = await TempFolder.create();
  const [abandoned, current] = [1, 2].map(() => `.snapshot-${crypto.randomUUID()}.tmp`);
  await folder.write(abandoned!);
  await Deno.writeTextFile(folder.at(current!), "");
  const { writer } = createWriter(folder.path, { now: () => new Date() });
  await writer.mark("startup");
  const files = await folder.list();
  deepStrictEqual([files.length, files[0]], [2, current]);
});

Deno.test("SnapshotWriter.save() resolves, tells and counts when the folder cannot be written, and writes the next change", async () => {
  await using folder = await TempFolder.create();
  const dir = await folder.write("config", "a file where the folder should be");
  const { writer, parts } = createWriter(dir);
  await writer.mark("startup");
  await writer.save();
  deepStrictEqual([parts.failures.length, writer.failures], [2, 2]);
  match(String(parts.failures[0]), /AlreadyExists|NotADirectory|File exists/);
  await Deno.remove(dir);
  await writer.save();
  strictEqual(await readMinWorkers(dir), 1);
  await Deno.remove(dir, { recursive: true });
  parts.state = createState(5);
  await writer.save();
  parts.state = createState(6);
  await writer.save();
  notStrictEqual(parts.failures.length, 2);
  strictEqual(await readMinWorkers(dir), 6);
});
