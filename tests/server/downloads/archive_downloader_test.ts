import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";
import { ArchiveDownloader } from "../../../server/downloads/mod.ts";
import { ServeError } from "../../../server/errors.ts";
import { createBody, FileServer, RawAnswerServer } from "../../support/file_server.ts";
import { ManualClock } from "../../support/manual_clock.ts";
import { TempFolder } from "../../support/temp_folder.ts";

const MAX_BYTES = 100_000;
const TIMEOUT_MS = 600_000;
const LOOPBACK = "http://127\\.0\\.0\\.1:.*";

/** A downloader to a folder of its own; time stands still. */
class Bench implements AsyncDisposable {
  readonly clock = new ManualClock();
  readonly downloader: ArchiveDownloader;
  onSchedule = (_delayMs: number): void | Promise<void> => {};

  private constructor(readonly folder: TempFolder, allowedUrls: readonly string[]) {
    this.downloader = new ArchiveDownloader({
      config: { allowedUrls, maxArchiveBytes: MAX_BYTES, timeoutMs: TIMEOUT_MS },
      schedule: (delayMs, callback) => {
        this.onSchedule(delayMs);
        return this.clock.schedule(delayMs, callback);
      },
    });
  }

  static async create(...allowedUrls: string[]): Promise<Bench> {
    return new Bench(await TempFolder.create(), allowedUrls);
  }

  download(url: string): Promise<string> {
    return this.downloader.download(url, this.folder.path);
  }

  /** Expects `download_failed` for this reason, and nothing left in the folder. */
  async expectFailure(url: string, reason: string | RegExp): Promise<void> {
    await this.expectFailureOf(this.download(url), url, reason);
  }

  async expectFailureOf(
    downloading: Promise<string>,
    url: string,
    reason: string | RegExp,
  ): Promise<void> {
    await rejects(downloading, (error) => {
      if (!(error instanceof ServeError)) throw error;
      deepStrictEqual([error.code, error.message], [
        "download_failed",
        `Failed to download archive from: ${url}`,
      ]);
      const found = (error.cause as Error).message;
      if (typeof reason === "string" ? found === reason : reason.test(found)) return true;
      throw new Error(`Expected the reason ${reason}, found "${found}"`);
    });
    deepStrictEqual(await this.folder.list(), []);
  }

  /** Expects that the URL is refused as one that no pattern matches, and nothing left in the folder. */
  async expectRefusal(url: string): Promise<void> {
    await rejects(this.download(url), {
      code: "archive_not_found",
      message: `Given URL ${url} does not match any allowed URL(s)`,
    });
    deepStrictEqual(await this.folder.list(), []);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    deepStrictEqual(this.clock.pendingDelaysMs, []);
    await this.folder[Symbol.asyncDispose]();
  }
}

const redirectTo = (location: string) => () =>
  new Response(null, { status: 302, headers: { location } });

Deno.test("ArchiveDownloader.download() brings an allowed URL's bytes under its last name, the query being no part of it (§1.6 url)", async () => {
  const bytes = crypto.getRandomValues(new Uint8Array(60_000));
  await using server = new FileServer({ "/a/net.mar": () => new Response(bytes) });
  await using bench = await Bench.create(LOOPBACK);
  strictEqual(await bench.download(`${server.url}/a/net.mar?token=secret`), "net.mar");
  const names = await bench.folder.list();
  deepStrictEqual(names.filter((name) => !name.startsWith(".")), ["net.mar"]);
  deepStrictEqual(await Deno.readFile(bench.folder.at("net.mar")), bytes);
});

Deno.test("ArchiveDownloader.download() asks nobody for what is in the folder already (T13)", async () => {
  await using server = new FileServer({});
  await using bench = await Bench.create(LOOPBACK);
  await bench.folder.write("net.mar", "the operator's");
  await rejects(bench.download(`${server.url}/net.mar`), {
    code: "model_file_exists",
    message: "Model file already exists net.mar",
  });
  deepStrictEqual(server.asked, []);
  strictEqual(await Deno.readTextFile(bench.folder.at("net.mar")), "the operator's");
});

Deno.test("ArchiveDownloader.download() does not write over a file that came meanwhile (T13)", async () => {
  await using bench = await Bench.create(LOOPBACK);
  await using server = new FileServer({
    "/net.mar": async () => {
      await bench.folder.write("net.mar", "the operator's");
      return new Response("downloaded");
    },
  });
  await rejects(bench.download(`${server.url}/net.mar`), { code: "model_file_exists" });
  deepStrictEqual(await bench.folder.list(), ["net.mar"]);
  strictEqual(await Deno.readTextFile(bench.folder.at("net.mar")), "the operator's");
});

Deno.test("ArchiveDownloader.isDownload() knows in every run what was downloaded and is as it came, names of 255 bytes too", async () => {
  const longest = `${"n".repeat(251)}.mar`;
  await using server = new FileServer({ [`/${longest}`]: () => new Response("bytes") });
  await using bench = await Bench.create(LOOPBACK);
  const dir = bench.folder.path;
  await bench.folder.write("mine.mar");
  await bench.download(`${server.url}/${longest}`);
  const later = new ArchiveDownloader({
    config: { allowedUrls: [], maxArchiveBytes: MAX_BYTES, timeoutMs: TIMEOUT_MS },
    schedule: () => () => {},
  });
  strictEqual(await later.isDownload(longest, dir), true);
  strictEqual(await later.isDownload("mine.mar", dir), false);
  await bench.folder.write(longest, "other");
  strictEqual(await later.isDownload(longest, dir), false);
  await later.remove(longest, dir);
  deepStrictEqual(await bench.folder.list(), ["mine.mar", longest].sort());
});

Deno.test("ArchiveDownloader.fetch() brings a file beside the one of that name, whose place it takes in one step, or goes", async () => {
  let build = 0;
  await using server = new FileServer({ "/net.mar": () => new Response(`build ${build++}`) });
  await using bench = await Bench.create(LOOPBACK);
  const url = `${server.url}/net.mar`;
  await bench.download(url);
  const marked = await bench.folder.list();
  await (await bench.downloader.fetch(url, bench.folder.path))[Symbol.asyncDispose]();
  deepStrictEqual(await bench.folder.list(), marked);
  await using fetched = await bench.downloader.fetch(url, bench.folder.path);
  strictEqual(await Deno.readTextFile(fetched.path), "build 2");
  strictEqual(await Deno.readTextFile(bench.folder.at("net.mar")), "build 0");
  strictEqual(await bench.downloader.isDownload("net.mar", bench.folder.path), true);
  fetched.replace();
  strictEqual(await Deno.readTextFile(bench.folder.at("net.mar")), "build 2");
  strictEqual(await bench.downloader.isDownload("net.mar", bench.folder.path), true);
});

Deno.test("ArchiveDownloader.download() allows nothing when the setting is empty (§2 allowed_urls, T14)", async () => {
  await using server = new FileServer({ "/net.mar": () => new Response("bytes") });
  await using bench = await Bench.create();
  await bench.expectRefusal(`${server.url}/net.mar`);
  await bench.expectRefusal("file:///etc/hostname");
  deepStrictEqual(server.asked, []);
});

Deno.test("ArchiveDownloader.download() follows redirects that patterns match, relative ones too", async () => {
  await using server = new FileServer({
    "/net.mar": redirectTo("moved/once.mar"),
    "/moved/once.mar": redirectTo("/moved/twice.mar"),
    "/moved/twice.mar": () => new Response("bytes"),
  });
  await using bench = await Bench.create(LOOPBACK);
  strictEqual(await bench.download(`${server.url}/net.mar`), "net.mar");
  strictEqual(await Deno.readTextFile(bench.folder.at("net.mar")), "bytes");
});

Deno.test("ArchiveDownloader.download() matches the patterns again after a redirect", async () => {
  await using other = new FileServer({ "/secret.mar": () => new Response("bytes") });
  await using server = new FileServer({ "/net.mar": redirectTo(`${other.url}/secret.mar`) });
  await using bench = await Bench.create(`${server.url}/.*`);
  await bench.expectFailure(
    `${server.url}/net.mar`,
    `a redirect leads to ${other.url}/secret.mar, which no allowed URL matches`,
  );
  deepStrictEqual(other.asked, []);
});

Deno.test("ArchiveDownloader.download() refuses a redirect to an address that is not public, though a pattern matches it", async () => {
  await using server = new FileServer({
    "/net.mar": redirectTo("http://169.254.169.254/latest/meta-data"),
  });
  await using bench = await Bench.create(LOOPBACK, "http://.*");
  await bench.expectFailure(
    `${server.url}/net.mar`,
    /^a redirect leads to http:\/\/169\.254\.169\.254\/latest\/meta-data: "169\.254\.169\.254" has the address .*, which is not public/,
  );
});

Deno.test.each([
  { location: "file:///etc/hostname" },
  { location: "ftp://127.0.0.1/net.mar" },
  { location: "http://user@127.0.0.1/net.mar" },
])("ArchiveDownloader.download() refuses a redirect to $location", async ({ location }) => {
  await using server = new FileServer({ "/net.mar": redirectTo(location) });
  await using bench = await Bench.create(LOOPBACK, ".*");
  await bench.expectFailure(
    `${server.url}/net.mar`,
    "a redirect leads to what is no URL of a web server",
  );
});

Deno.test("ArchiveDownloader.download() ends after five redirects", async () => {
  await using server = new FileServer({ "/net.mar": redirectTo("/net.mar") });
  await using bench = await Bench.create(LOOPBACK);
  await bench.expectFailure(`${server.url}/net.mar`, "more than 5 redirects");
  strictEqual(server.asked.length, 6);
});

Deno.test.each([
  { host: "127.0.0.1" },
  { host: "localhost" },
  { host: "0x7f.1" },
  { host: "[::ffff:127.0.0.1]" },
])("ArchiveDownloader.download() does not dial $host, which no pattern spells out", async ({
  host,
}) => {
  await using server = new FileServer({ "/net.mar": () => new Response("bytes") });
  await using bench = await Bench.create("http://.*", "http://127\\..*");
  await bench.expectRefusal(`http://${host}:${server.port}/net.mar`);
  deepStrictEqual(server.asked, []);
});

Deno.test("ArchiveDownloader.download() dials a private host that a pattern spells out, by the address it resolved, under its own name", async () => {
  await using server = new FileServer({
    "/net.mar": (request) => new Response(request.headers.get("host")),
  });
  await using bench = await Bench.create("http://localhost:\\d+/.*");
  await bench.download(`http://localhost:${server.port}/net.mar`);
  strictEqual(await Deno.readTextFile(bench.folder.at("net.mar")), `localhost:${server.port}`);
});

Deno.test("ArchiveDownloader.download() fails when the name has no address, or nobody listens", async () => {
  await using bench = await Bench.create(LOOPBACK, "http://models\\.invalid/.*");
  await bench.expectFailure(
    "http://models.invalid/net.mar",
    'the name "models.invalid" has no address',
  );
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  await bench.expectFailure(`http://127.0.0.1:${port}/net.mar`, "the server cannot be reached");
});

Deno.test.each([{ status: 404 }, { status: 204 }, { status: 206 }, { status: 304 }, {
  status: 500,
}])(
  "ArchiveDownloader.download() fails when the server answers $status (T14)",
  async ({ status }) => {
    const body = [204, 304].includes(status) ? null : "some text";
    await using server = new FileServer({ "/net.mar": () => new Response(body, { status }) });
    await using bench = await Bench.create(LOOPBACK);
    await bench.expectFailure(`${server.url}/net.mar`, `the server answered ${status}`);
  },
);

Deno.test("ArchiveDownloader.download() refuses what says to be too large before its first byte, and takes what just fits", async () => {
  const { body, cancelled } = createBody(new Uint8Array(1), "stalled");
  await using server = new FileServer({
    "/large.mar": () =>
      new Response(body, { headers: { "content-length": String(MAX_BYTES + 1) } }),
    "/fits.mar": () => new Response(new Uint8Array(MAX_BYTES)),
  });
  await using bench = await Bench.create(LOOPBACK);
  await bench.expectFailure(`${server.url}/large.mar`, "the file is larger than 100000 bytes");
  await cancelled;
  strictEqual(await bench.download(`${server.url}/fits.mar`), "fits.mar");
});

Deno.test("ArchiveDownloader.download() hangs up on a body that does not end at the limit", async () => {
  const { body, cancelled } = createBody(new Uint8Array(10_000), "endless");
  await using server = new FileServer({ "/net.mar": () => new Response(body) });
  await using bench = await Bench.create(LOOPBACK);
  await bench.expectFailure(`${server.url}/net.mar`, "the file is larger than 100000 bytes");
  await cancelled;
});

Deno.test.each([
  { title: "ends before its content-length", answer: "content-length: 50\r\n\r\nshort" },
  { title: "ends within a chunk", answer: "transfer-encoding: chunked\r\n\r\n9\r\nshort" },
  { title: "has no last chunk", answer: "transfer-encoding: chunked\r\n\r\n5\r\nshort\r\n" },
])("ArchiveDownloader.download() fails when the body $title", async ({ answer }) => {
  await using server = new RawAnswerServer(`HTTP/1.1 200 OK\r\n${answer}`);
  await using bench = await Bench.create(LOOPBACK);
  await bench.expectFailure(`${server.url}/net.mar`, /./);
});

Deno.test("ArchiveDownloader.download() asks for the path alone, as servers want it that are no proxies", async () => {
  await using server = new RawAnswerServer("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nbytes");
  await using bench = await Bench.create(LOOPBACK);
  await bench.download(`${server.url}/a/net.mar?token=x#part`);
  deepStrictEqual(server.requestLines, ["GET /a/net.mar?token=x HTTP/1.1"]);
  strictEqual(await Deno.readTextFile(bench.folder.at("net.mar")), "bytes");
});

Deno.test("ArchiveDownloader.download() gives up after 60 s without a byte", async () => {
  const { body, cancelled } = createBody(new Uint8Array(10), "stalled");
  const asked = Promise.withResolvers<void>();
  await using server = new FileServer({
    "/net.mar": () => {
      asked.resolve();
      return new Response(body);
    },
  });
  await using bench = await Bench.create(LOOPBACK);
  const url = `${server.url}/net.mar`;
  const downloading = bench.download(url);
  downloading.catch(() => {});
  await asked.promise;
  await bench.clock.advance(60_000);
  await bench.expectFailureOf(downloading, url, "nothing came for 60000 ms");
  await cancelled;
});

Deno.test("ArchiveDownloader.download() gives up on a body that comes byte by byte when the timeout is over", async () => {
  const { readable, writable } = new TransformStream<Uint8Array<ArrayBuffer>>();
  const writer = writable.getWriter();
  const hungUp = writer.closed.then(() => false, () => true);
  await using server = new FileServer({ "/net.mar": () => new Response(readable) });
  await using bench = await Bench.create(LOOPBACK);
  // Whenever a byte has come, the next one takes 50 s.
  bench.onSchedule = async (delayMs) => {
    if (delayMs !== 60_000) return;
    await bench.clock.advance(50_000);
    await writer.write(new Uint8Array(1)).catch(() => {});
  };
  await bench.expectFailure(
    `${server.url}/net.mar`,
    `it is not complete after ${TIMEOUT_MS} ms`,
  );
  ok(await hungUp);
});

Deno.test("ArchiveDownloader.close() ends what is under way, and refuses others", async () => {
  const { body, cancelled } = createBody(new Uint8Array(10), "stalled");
  const asked = Promise.withResolvers<void>();
  await using server = new FileServer({
    "/net.mar": () => {
      asked.resolve();
      return new Response(body);
    },
  });
  await using bench = await Bench.create(LOOPBACK);
  const url = `${server.url}/net.mar`;
  const downloading = bench.download(url);
  downloading.catch(() => {});
  await asked.promise;
  bench.downloader.close();
  await bench.expectFailureOf(downloading, url, "the server is stopping");
  await cancelled;
  await bench.expectFailure(url, "the server is stopping");
});

Deno.test("ArchiveDownloader.download() copies a regular file at an allowed file: URL (§2 allowed_urls)", async () => {
  await using source = await TempFolder.create();
  await source.write("models/my net.mar", "bytes");
  await using bench = await Bench.create(`file://${source.path}/models/.*`);
  strictEqual(await bench.download(`file://${source.path}/models/my%20net.mar`), "my net.mar");
  strictEqual(await Deno.readTextFile(bench.folder.at("my net.mar")), "bytes");
  await bench.downloader.remove("my net.mar", bench.folder.path);
  await bench.expectRefusal(`file://${source.path}/net.mar`);
});

Deno.test("ArchiveDownloader.download() refuses files that are none, too large, or behind a link to elsewhere", async () => {
  await using source = await TempFolder.create();
  await source.write("secret", "secret");
  await source.write("models/large.mar", new Uint8Array(MAX_BYTES + 1));
  await source.write("models/real.mar", "bytes");
  await Deno.mkdir(source.at("models/folder"));
  await Deno.symlink(source.at("secret"), source.at("models/astray.mar"));
  await Deno.symlink(source.path, source.at("models/up"));
  await Deno.symlink("real.mar", source.at("models/inside.mar"));
  await using bench = await Bench.create(`file://${source.path}/models/.*`);
  const at = (name: string) => `file://${source.path}/models/${name}`;
  await bench.expectFailure(at("missing.mar"), "the file cannot be read");
  await bench.expectFailure(at("folder"), "it is not a regular file");
  await bench.expectFailure(at("large.mar"), "the file is larger than 100000 bytes");
  const astray = "a link leads to a file that no allowed URL matches";
  await bench.expectFailure(at("astray.mar"), astray);
  await bench.expectFailure(at("up/secret"), astray);
  strictEqual(await bench.download(at("inside.mar")), "inside.mar");
});

Deno.test("ArchiveDownloader.removeAbandoned() removes what a killed server was downloading, and nothing else", async () => {
  await using bench = await Bench.create(LOOPBACK);
  const { body } = createBody(new Uint8Array(10), "stalled");
  const asked = Promise.withResolvers<void>();
  await using server = new FileServer({
    "/net.mar": () => {
      asked.resolve();
      return new Response(body);
    },
  });
  const downloading = bench.download(`${server.url}/net.mar`);
  downloading.catch(() => {});
  await asked.promise;
  while ((await bench.folder.list()).length === 0);
  const [alive] = await bench.folder.list();
  const abandoned = `.download-${crypto.randomUUID()}.part`;
  for (const name of [abandoned, ".download-mine.part", "net.part"]) {
    await bench.folder.write(name);
  }
  await bench.downloader.removeAbandoned(bench.folder.path);
  deepStrictEqual(await bench.folder.list(), [".download-mine.part", alive, "net.part"].sort());
  bench.downloader.close();
  await rejects(downloading);
});

Deno.test("ArchiveDownloader.removeAbandoned() takes a killed server's tentative downloads out, no settled ones, no changed ones, and none of a running server", async () => {
  await using bench = await Bench.create(LOOPBACK);
  const { folder, downloader: running } = bench;
  await using server = new FileServer({
    "/killed.mar": () => new Response("killed"),
    "/changed.mar": () => new Response("changed"),
    "/settled.mar": () => new Response("settled"),
    "/running.mar": () => new Response("running"),
  });
  const killed = await Bench.create(LOOPBACK);
  const download = (name: string, by = killed.downloader) =>
    by.download(`${server.url}/${name}`, folder.path, { isTentative: true });
  for (const name of ["killed.mar", "changed.mar", "settled.mar"]) await download(name);
  await download("running.mar", running);
  await killed.downloader.settle("settled.mar", folder.path);
  await Deno.remove(folder.at("changed.mar"));
  await folder.write("changed.mar", "the operator's own");
  // Its locks go, as the kernel takes them from a process that was killed.
  killed.downloader.close();
  await killed[Symbol.asyncDispose]();

  await running.removeAbandoned(folder.path);
  const isVisible = (name: string) => !name.startsWith(".");
  deepStrictEqual((await folder.list()).filter(isVisible), [
    "changed.mar",
    "running.mar",
    "settled.mar",
  ]);
  strictEqual((await folder.list()).filter((name) => name.endsWith(".part")).length, 1);
  await running.remove("running.mar", folder.path);
  strictEqual((await folder.list()).filter((name) => name.endsWith(".part")).length, 0);
});
