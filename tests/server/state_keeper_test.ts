import { deepStrictEqual, rejects, strictEqual } from "node:assert/strict";
import { createStateKeeper } from "../../server/_state_keeper.ts";
import { findNewestSnapshot, parseRestorePoint } from "../../server/config/mod.ts";
import { parse } from "dot-properties";
import { RegistryBench } from "../support/registry_bench.ts";
import { TempFolder } from "../support/temp_folder.ts";

/** Versions that a start would restore. */
async function readVersions(dir: string): Promise<string[]> {
  const { path, text } = await findNewestSnapshot(dir) as { path: string; text: string };
  const json = parse(text).model_snapshot as string;
  return parseRestorePoint(path, json).models.map(({ modelVersion }) => modelVersion);
}

Deno.test("createStateKeeper() keeps a registration that still waits for its workers while the server runs, and not over its stop", async () => {
  await using folder = await TempFolder.create();
  await using bench = await RegistryBench.create();
  const keeper = createStateKeeper(
    { snapshotDir: folder.path, properties: new Map() },
    bench.registry,
  );
  await keeper.save();
  deepStrictEqual(await folder.list(), []);
  await keeper.markStarted();
  await keeper.models.register({ url: "net@1.mar", initialWorkers: 0, isSynchronous: true });
  const refused = rejects(
    async () =>
      await keeper.models.register({ url: "net@2.mar", initialWorkers: 1, isSynchronous: true }),
    { code: "server_stopping" },
  );
  await bench.worker(0);
  await keeper.save();
  deepStrictEqual(await readVersions(folder.path), ["1.0", "2.0"]);
  await keeper.markStopped();
  const closed = bench.registry.close({ deadlineMs: 0 });
  await bench.clock.advance(60_000);
  await Promise.all([closed, refused]);
  await keeper.save();
  deepStrictEqual(await readVersions(folder.path), ["1.0"]);
});

Deno.test("createStateKeeper() tells how writing goes, and nothing where none is written (§7 --ncs)", async () => {
  await using folder = await TempFolder.create();
  await using bench = await RegistryBench.create();
  const dir = await folder.write("config", "a file where the folder should be");
  const keeper = createStateKeeper({ snapshotDir: dir, properties: new Map() }, bench.registry);
  await keeper.markStarted();
  await keeper.models.register({ url: "net@1.mar", initialWorkers: 0, isSynchronous: true });
  deepStrictEqual({ ...keeper.health }, { failures: 2, isStale: true });
  await Deno.remove(dir);
  await keeper.save();
  deepStrictEqual({ ...keeper.health }, { failures: 2, isStale: false });
  const none = createStateKeeper({ properties: new Map() }, bench.registry);
  await none.markStarted();
  strictEqual(none.health, undefined);
});
