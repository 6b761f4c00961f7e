import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";
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

Deno.test("openCacheFolder() removes what nobody has used for 30 days, drafts after an hour, and nothing younger or not its own", async () => {
  await using temp = await TempFolder.create();
  const [ancient, recent] = await Promise.all(
    ["ancient", "recent"].map((version) => openCacheFolder(createFolder(temp, version))),
  );
  for (const name of [".draft-old", ".draft-new", ".unused-old", "of-somebody"]) {
    await temp.write(`native/${name}/file`);
    await setAge(temp.at(`native/${name}`), name === ".draft-new" ? 1 / 48 : 1 / 12);
  }
  await setAge(temp.at("native/of-somebody"), 31);
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

/** A cache in a folder where everyone may write, made beforehand by `prepare`. */
async function openShared(prepare: (cacheDir: string) => Promise<void>): Promise<string> {
  await using temp = await TempFolder.create();
  await Deno.mkdir(temp.at("shared"));
  await Deno.chmod(temp.at("shared"), 0o1777);
  await prepare(temp.at("shared/cache"));
  return await openCacheFolder({
    ...createFolder(temp, "one"),
    root: temp.at("shared/cache/native"),
  });
}

const isRoot = Deno.build.os !== "windows" && Deno.uid() === 0;

Deno.test(
  "openCacheFolder() refuses a cache that another user has made where everyone can make one",
  { ignore: !isRoot },
  async () => {
    const refusal = /^Error: one that user 65534 has made where everyone can make one$/;
    const prepare = async (cacheDir: string) => {
      await Deno.mkdir(cacheDir);
      await Deno.chown(cacheDir, 65534, 65534);
    };
    await rejects(openShared(prepare), refusal);
  },
);

Deno.test(
  "openCacheFolder() refuses a link in the cache's place where everyone can make one",
  { ignore: Deno.build.os === "windows" },
  async () => {
    const refusal = /^Error: a link that user \d+ has made where everyone can make one$/;
    await rejects(openShared((cacheDir) => Deno.symlink("/", cacheDir)), refusal);
  },
);

Deno.test("openCacheFolder() makes a cache of its own, and uses that, where everyone can make one", async () => {
  await openShared(() => Promise.resolve());
  await openShared((cacheDir) => Deno.mkdir(cacheDir));
});
