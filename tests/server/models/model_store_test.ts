import { deepStrictEqual, rejects, strictEqual, throws } from "node:assert/strict";
import { ArchiveDownloader } from "../../../server/downloads/mod.ts";
import { ModelStore } from "../../../server/models/mod.ts";
import { createBody, type FileRoute, FileServer } from "../../support/file_server.ts";
import { TempFolder } from "../../support/temp_folder.ts";

const BYTES = () => new Response("bytes");

/** A store and a web server that it may download from. */
class Bench implements AsyncDisposable {
  readonly store: ModelStore;
  readonly #downloader: ArchiveDownloader;

  private constructor(
    readonly folder: TempFolder,
    readonly server: FileServer,
    saveModels?: () => Promise<void>,
  ) {
    this.#downloader = new ArchiveDownloader({
      config: {
        allowedUrls: [`${server.url}/.*`],
        maxArchiveBytes: 1_000_000,
        timeoutMs: 60_000,
      },
      schedule: () => () => {},
    });
    const downloader = this.#downloader;
    this.store = new ModelStore(folder.at("store"), { downloader, saveModels });
  }

  static async create(
    routes: Readonly<Record<string, FileRoute>> = {},
    saveModels?: () => Promise<void>,
  ): Promise<Bench> {
    const folder = await TempFolder.create();
    await Deno.mkdir(folder.at("store"));
    return new Bench(folder, new FileServer(routes), saveModels);
  }

  /** The same folder as a later run of the server finds it. */
  createNextStore(): ModelStore {
    return new ModelStore(this.folder.at("store"), { downloader: this.#downloader });
  }

  /** Names in the store, without hidden ones. */
  async list(): Promise<string[]> {
    return (await this.folder.list("store")).filter((name) => !name.startsWith("."));
  }

  at(name: string): string {
    return this.folder.at(`store/${name}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#downloader.close();
    await this.server[Symbol.asyncDispose]();
    await this.folder[Symbol.asyncDispose]();
  }
}

Deno.test.each([
  { url: "", message: "empty url" },
  { url: "../net.mar", message: "Relative path is not allowed in url: ../net.mar" },
  { url: "a..b.mar", message: "Relative path is not allowed in url: a..b.mar" },
  {
    url: "http://127.0.0.1:1/../net.mar",
    message: "Relative path is not allowed in url: http://127.0.0.1:1/../net.mar",
  },
  {
    url: "https://models.example/net.mar",
    message: "Given URL https://models.example/net.mar does not match any allowed URL(s)",
  },
  {
    url: "FILE:///etc/hostname",
    message: "Given URL FILE:///etc/hostname does not match any allowed URL(s)",
  },
  { url: "absent.mar", message: "Model not found at: absent.mar" },
  { url: "/etc/hostname", message: "Model not found at: /etc/hostname" },
  { url: "net/", message: "Model not found at: net/" },
  { url: "net\0.mar", message: "Model not found at: net\0.mar" },
  { url: ".hidden.mar", message: "Model not found at: .hidden.mar" },
  { url: "long".repeat(64), message: `Model not found at: ${"long".repeat(64)}` },
])(
  "ModelStore.resolveArchive() refuses $url as not found (§1.6 url, T14)",
  async ({ url, message }) => {
    await using bench = await Bench.create();
    await bench.folder.write("store/.hidden.mar");
    await bench.folder.write("net.mar");
    await rejects(bench.store.resolveArchive(url), { code: "archive_not_found", message });
  },
);

Deno.test.each([
  { url: "net.mar" },
  { url: "a/b/net.mar" },
  { url: "/somewhere/else/net.mar" },
  { url: "C:\\models\\net.mar" },
  { url: "ftp://models.example/net.mar" },
])(
  "ModelStore.resolveArchive() looks only for the last name of $url (§1.6 url, T14)",
  async ({ url }) => {
    await using bench = await Bench.create();
    await bench.folder.write("store/net.mar");
    strictEqual((await bench.store.resolveArchive(url)).path, bench.at("net.mar"));
  },
);

Deno.test("ModelStore.resolveArchive() takes a folder of the store, and none elsewhere, though its absolute path is given (§1.6 url)", async () => {
  await using bench = await Bench.create();
  await bench.folder.write("store/net/handler.ts");
  await bench.folder.write("elsewhere/other/handler.ts");
  strictEqual((await bench.store.resolveArchive("net")).path, bench.at("net"));
  strictEqual((await bench.store.resolveArchive(bench.at("net"))).path, bench.at("net"));
  await rejects(bench.store.resolveArchive(bench.folder.at("elsewhere/other")), {
    code: "archive_not_found",
  });
});

Deno.test("ModelStore.resolveArchive() downloads an allowed URL, and refuses it once its file is there (T13)", async () => {
  await using bench = await Bench.create({ "/a/net.mar": BYTES });
  const url = `${bench.server.url}/a/net.mar`;
  strictEqual((await bench.store.resolveArchive(url)).path, bench.at("net.mar"));
  await rejects(bench.store.resolveArchive(url), {
    code: "model_file_exists",
    message: "Model file already exists net.mar",
  });
  deepStrictEqual(bench.server.asked, ["/a/net.mar"]);
});

Deno.test("ModelStore.resolveArchive() refuses a second URL of that name while the first one is under way (T13)", async () => {
  const { body } = createBody(new Uint8Array(1), "stalled");
  await using bench = await Bench.create({
    "/a/net.mar": () => new Response(body),
    "/b/net.mar": BYTES,
  });
  const first = bench.store.resolveArchive(`${bench.server.url}/a/net.mar`);
  first.catch(() => {});
  await rejects(bench.store.resolveArchive(`${bench.server.url}/b/net.mar`), {
    code: "model_file_exists",
  });
});

Deno.test("ModelStore.resolveArchive() tries again after a download that failed (T12)", async () => {
  let isThere = false;
  await using bench = await Bench.create({
    "/net.mar": () => isThere ? BYTES() : new Response("not yet", { status: 404 }),
  });
  const url = `${bench.server.url}/net.mar`;
  await rejects(bench.store.resolveArchive(url), { code: "download_failed" });
  isThere = true;
  strictEqual((await bench.store.resolveArchive(url)).path, bench.at("net.mar"));
});

Deno.test("StoredArchive.release() deletes a downloaded file, so that it can be downloaded again, once its model's end is on disk (T13)", async () => {
  const listed: string[][] = [];
  await using bench = await Bench.create({ "/net.mar": BYTES }, async () => {
    listed.push(await bench.list());
  });
  const url = `${bench.server.url}/net.mar?token=x`;
  for (let round = 0; round < 2; round++) {
    const archive = await bench.store.resolveArchive(url);
    await archive.release();
    deepStrictEqual(await bench.folder.list("store"), []);
    await archive.release();
  }
  deepStrictEqual(listed, [["net.mar"], ["net.mar"]]);
});

Deno.test("StoredArchive.release() keeps files of the operator, those that came under a download's name too (T13)", async () => {
  await using bench = await Bench.create({ "/net.mar": BYTES });
  await bench.folder.write("store/net.mar", "the operator's");
  const url = `${bench.server.url}/net.mar`;
  await rejects(bench.store.resolveArchive(url), { code: "model_file_exists" });
  await (await bench.store.resolveArchive("net.mar")).release();
  await (await bench.store.resolveArchive(url, { isAtStartup: true })).release();
  strictEqual(await Deno.readTextFile(bench.at("net.mar")), "the operator's");
  await Deno.remove(bench.at("net.mar"));
  const download = await bench.store.resolveArchive(url);
  await bench.folder.write("store/net.mar", "later");
  strictEqual(await bench.store.isDownload("net.mar"), false);
  await download.release();
  deepStrictEqual(await bench.folder.list("store"), ["net.mar"]);
  strictEqual(await Deno.readTextFile(bench.at("net.mar")), "later");
});

Deno.test("StoredArchive.release() keeps a downloaded file until the last model that uses it is gone (T13)", async () => {
  await using bench = await Bench.create({ "/net.mar": BYTES });
  const one = await bench.store.resolveArchive(`${bench.server.url}/net.mar`);
  const two = await bench.store.resolveArchive("net.mar");
  await one.release();
  await one.release();
  deepStrictEqual(await bench.list(), ["net.mar"]);
  await two.release();
  deepStrictEqual(await bench.folder.list("store"), []);
});

Deno.test.each([
  { found: "its name", options: {} },
  { found: "its URL at the start", options: { isAtStartup: true } },
])(
  "StoredArchive.release() deletes what an earlier run has downloaded, found by $found (T13)",
  async ({
    options,
  }) => {
    await using bench = await Bench.create({ "/net.mar": BYTES });
    const url = `${bench.server.url}/net.mar`;
    await bench.store.resolveArchive(url);
    for (const end of ["abandon", "release"] as const) {
      const next = bench.createNextStore();
      const name = options.isAtStartup ? url : "net.mar";
      await (await next.resolveArchive(name, options))[end]();
      deepStrictEqual(await bench.list(), end === "abandon" ? ["net.mar"] : []);
    }
    deepStrictEqual(await bench.folder.list("store"), []);
    deepStrictEqual(bench.server.asked, ["/net.mar"]);
  },
);

Deno.test("ModelStore.resolveArchive() takes a file that is there already for a startup model's URL, and leaves it to the operator", async () => {
  await using bench = await Bench.create({ "/net.mar": BYTES });
  await bench.folder.write("store/net.mar", "the operator's");
  const url = `${bench.server.url}/net.mar`;
  const [one, two] = await Promise.all([
    bench.store.resolveArchive(url, { isAtStartup: true }),
    bench.store.resolveArchive(url, { isAtStartup: true }),
  ]);
  strictEqual(await Deno.readTextFile(one.path), "the operator's");
  deepStrictEqual(bench.server.asked, []);
  await Promise.all([one.release(), two.abandon()]);
  deepStrictEqual(await bench.list(), ["net.mar"]);
});

Deno.test("ModelStore.resolveArchive() downloads once for two startup models of one URL", async () => {
  await using bench = await Bench.create({ "/net.mar": BYTES });
  const url = `${bench.server.url}/net.mar`;
  const [one, two] = await Promise.all([
    bench.store.resolveArchive(url, { isAtStartup: true }),
    bench.store.resolveArchive(url, { isAtStartup: true }),
  ]);
  deepStrictEqual([one.path, two.path], [bench.at("net.mar"), bench.at("net.mar")]);
  deepStrictEqual(bench.server.asked, ["/net.mar"]);
  await one.release();
  deepStrictEqual(await bench.list(), ["net.mar"]);
});

Deno.test("ModelStore.resolveArchive() downloads a copy anew for what replaces its only user, beside it until commit() (T13)", async () => {
  let build = 0;
  await using bench = await Bench.create({ "/net.mar": () => new Response(`build ${build++}`) });
  const url = `${bench.server.url}/net.mar`;
  const first = await bench.store.resolveArchive(url);
  const given = await bench.store.resolveArchive(url, { replaced: first });
  await given.abandon();
  const next = await bench.store.resolveArchive(url, { replaced: first });
  const read = (path: string) => Deno.readTextFile(path);
  deepStrictEqual([await read(first.path), await read(next.path)], ["build 0", "build 2"]);
  next.commit();
  strictEqual(await read(bench.at("net.mar")), "build 2");
  await first.release();
  deepStrictEqual(await bench.list(), ["net.mar"]);
  strictEqual(await bench.store.isDownload("net.mar"), true);
  await next.release();
  deepStrictEqual(await bench.folder.list("store"), []);
});

Deno.test("ModelStore.resolveArchive() downloads no copy anew that another model uses, or that the operator has changed (T13)", async () => {
  await using bench = await Bench.create({ "/net.mar": BYTES });
  const url = `${bench.server.url}/net.mar`;
  const refusal = { code: "model_file_exists", message: "Model file already exists net.mar" };
  const first = await bench.store.resolveArchive(url);
  const other = await bench.store.resolveArchive("net.mar");
  await rejects(bench.store.resolveArchive(url, { replaced: first }), refusal);
  await other.release();
  const next = await bench.store.resolveArchive(url, { replaced: first });
  await bench.store.resolveArchive("net.mar");
  throws(() => next.commit(), refusal);
  await next.abandon();
  deepStrictEqual(await bench.list(), ["net.mar"]);
  await bench.folder.write("store/net.mar", "the operator's");
  await rejects(bench.store.resolveArchive(url, { replaced: first }), refusal);
});

Deno.test("ModelStore.listArchives() lists archives and folders, links to them too, and nothing hidden (§3 --models all)", async () => {
  await using bench = await Bench.create();
  for (
    const name of ["a.mar", "b.model", "c.tar.gz", "d.tgz", "E.MAR", "notes.txt", ".x.mar", "f/g"]
  ) {
    await bench.folder.write(`store/${name}`);
  }
  await Deno.symlink(bench.at("f"), bench.at("linked"));
  await Deno.symlink(bench.at("nowhere"), bench.at("broken"));
  deepStrictEqual(await bench.store.listArchives(), [
    ...["E.MAR", "a.mar", "b.model", "c.tar.gz", "d.tgz", "f", "linked"],
  ]);
});
