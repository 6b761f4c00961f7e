import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { basename } from "node:path";
import { type CacheFolder, keepCacheFolders, openCacheFolder } from "../../server/cache_folder.ts";
import { TempFolder } from "../support/temp_folder.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

/** A folder of the cache with one file, whose contents tell the version. */
function createFolder(temp: TempFolder, version: string): CacheFolder {
  return {
    root: temp.at("native"),
    contents: version,
    isWhole: (dir) => Deno.stat(`${dir}/lib.so`).then(() => true, () => false),
    fill: (draft) => Deno.writeTextFile(`${draft}/lib.so`, version),
  };
}

async function setAge(dir: string, days: number): Promise<void> {
  const at = new Date(Date.now() - days * DAY_MS);
  await Deno.utime(dir, at, at);
}

Deno.test("openCacheFolder() removes what nobody has used for 30 days, drafts too, and nothing younger or not its own", async () => {
  await using temp = await TempFolder.create();
  const [ancient, recent] = await Promise.all(
    ["ancient", "recent"].map((version) => openCacheFolder(createFolder(temp, version))),
  );
  for (const name of [".draft-old", ".draft-new", ".unused-old", "of-somebody"]) {
    await temp.write(`native/${name}/file`);
    await setAge(temp.at(`native/${name}`), name === ".draft-new" ? 1 : 31);
  }
  await setAge(ancient!, 31);
  await setAge(recent!, 29);
  const current = await openCacheFolder(createFolder(temp, "current"));
  deepStrictEqual(
    await temp.list("native"),
    [".draft-new", basename(recent!), basename(current), "of-somebody"].sort(),
  );
});

Deno.test("openCacheFolder() keeps the folder that it opens, however old, and counts that as use", async () => {
  await using temp = await TempFolder.create();
  const dir = await openCacheFolder(createFolder(temp, "old"));
  await setAge(dir, 400);
  strictEqual(await openCacheFolder(createFolder(temp, "old")), dir);
  await openCacheFolder(createFolder(temp, "new"));
  strictEqual(await Deno.readTextFile(`${dir}/lib.so`), "old");
});

Deno.test("keepCacheFolders() keeps what a program has open for months, and minds no folder that is gone", async () => {
  await using temp = await TempFolder.create();
  const dir = await openCacheFolder(createFolder(temp, "running"));
  await setAge(dir, 400);
  await keepCacheFolders([dir, temp.at("native/gone")]);
  await openCacheFolder(createFolder(temp, "new"));
  ok((await temp.list("native")).includes(basename(dir)));
});
