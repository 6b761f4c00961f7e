import { notStrictEqual, strictEqual } from "node:assert/strict";
import { readArchivePrint } from "../../server/_archive_print.ts";
import { TempFolder } from "../support/temp_folder.ts";

Deno.test("readArchivePrint() stays while a file and a folder are only read, and is undefined for nothing", async () => {
  await using folder = await TempFolder.create();
  await folder.write("net/a/b.txt");
  for (const path of [folder.at("net"), folder.at("net/a/b.txt")]) {
    const print = await readArchivePrint(path);
    await Deno.readTextFile(folder.at("net/a/b.txt"));
    strictEqual(await readArchivePrint(path), print);
  }
  strictEqual(await readArchivePrint(folder.at("nothing")), undefined);
});

Deno.test.each([
  { title: "other size", change: (f: TempFolder) => f.write("net/a/b.txt", "longer than before") },
  { title: "other time", change: (f: TempFolder) => Deno.utime(f.at("net/a/b.txt"), 1, 1) },
  { title: "another file", change: (f: TempFolder) => f.write("net/a/c.txt") },
  { title: "no file", change: (f: TempFolder) => Deno.remove(f.at("net/a/b.txt")) },
  {
    title: "another name",
    change: (f: TempFolder) => Deno.rename(f.at("net/a/b.txt"), f.at("net/a/d.txt")),
  },
  {
    title: "a file of the same size and time in its place",
    change: async (f: TempFolder) => {
      await Deno.rename(await f.write("new", "net/a/b.txt"), f.at("net/a/b.txt"));
    },
  },
])("readArchivePrint() of a folder changes with $title", async ({ change }) => {
  await using folder = await TempFolder.create();
  await folder.write("net/a/b.txt");
  const before = await readArchivePrint(folder.at("net"));
  await change(folder);
  notStrictEqual(await readArchivePrint(folder.at("net")), before);
});
