import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";
import { createHash, createHmac } from "node:crypto";
import { createBody, type FileRoute, FileServer } from "../support/file_server.ts";
import { ManagementClient, NOOP_HANDLER, toError } from "../support/management_client.ts";
import {
  type MarinaProcess,
  startMarina,
  type StartMarinaOptions,
} from "../support/marina_process.ts";
import { TempFolder } from "../support/temp_folder.ts";
import { waitFor } from "../support/wait_for.ts";
import { buildZip } from "../support/zip_builder.ts";
import { ServerHome } from "./_server_home.ts";

/** An archive whose handler is this text. */
function buildArchive(name: string, handler = NOOP_HANDLER): Uint8Array<ArrayBuffer> {
  const model = { modelName: name, modelVersion: "1.0", handler: "handler.ts" };
  return new Uint8Array(buildZip([
    { name: "MAR-INF/MANIFEST.json", data: JSON.stringify({ runtime: "deno", model }) },
    { name: "handler.ts", data: handler },
  ]));
}

const sendArchive = (name: string, handler?: string): FileRoute => {
  const bytes = buildArchive(name, handler);
  return () => new Response(bytes);
};

/** What is in the store, without the marks of what was downloaded. */
async function listStore(folder: TempFolder, path = "store"): Promise<string[]> {
  return (await folder.list(path)).filter((name) => !name.startsWith(".downloaded-"));
}

/** A folder with an empty model store in it. */
async function createFolder(): Promise<TempFolder> {
  const folder = await TempFolder.create();
  await Deno.mkdir(folder.at("store"));
  return folder;
}

async function startWithUrls(
  folder: TempFolder,
  allowedUrls: string,
  options: Partial<StartMarinaOptions> = {},
): Promise<MarinaProcess> {
  return await startMarina({
    ...options,
    args: ["--model-store", folder.at("store"), "--enable-model-api", ...options.args ?? []],
    config: { default_workers_per_model: 1, allowed_urls: allowedUrls, ...options.config },
  });
}

Deno.test("POST /models registers an allowed URL, and DELETE takes its file out of the store again (§1.6 url, T13)", async () => {
  await using server = new FileServer({ "/a/net.mar": sendArchive("net") });
  await using folder = await createFolder();
  await using marina = await startWithUrls(folder, `file:///never/.*,${server.url}/.*`);
  const management = new ManagementClient(marina);
  const url = `${server.url}/a/net.mar`;
  const register = `POST /models?url=${encodeURIComponent(url)}`;
  for (let round = 0; round < 2; round++) {
    deepStrictEqual(await management.call(register), [200, {
      status: 'Model "net" Version: 1.0 registered with 1 initial workers',
    }]);
    deepStrictEqual(await listStore(folder), ["net.mar"]);
    strictEqual((await management.describe("net"))[0].modelUrl, url);
    strictEqual(await (await fetch(`${marina.inferenceUrl}/predictions/net`)).text(), "ok");
    deepStrictEqual(
      await management.call(register),
      toError(500, "InternalServerException", "Model file already exists net.mar"),
    );
    deepStrictEqual(await management.call("DELETE /models/net"), [200, {
      status: 'Model "net" unregistered',
    }]);
    deepStrictEqual(await listStore(folder), []);
  }
});

Deno.test("POST /models answers 404 for URLs that are not allowed, and 400 for downloads that fail, and the log says why (§1.6 url, T14)", async (t) => {
  await using server = new FileServer({});
  await using folder = await createFolder();
  await using marina = await startWithUrls(folder, `${server.url}/.*\\.mar`);
  const management = new ManagementClient(marina);
  const notFound = (message: string) => toError(404, "ModelNotFoundException", message);
  for (
    const { url, answer } of [
      { url: "", answer: notFound("empty url") },
      ...[
        "https://models.example/net.mar",
        "file:///etc/hostname",
        `${server.url}/net.tar.gz`,
        `${server.url.replace("//", "//user@")}/net.mar`,
      ].map((url) => ({
        url,
        answer: notFound(`Given URL ${url} does not match any allowed URL(s)`),
      })),
      {
        url: `${server.url}/../net.mar`,
        answer: notFound(`Relative path is not allowed in url: ${server.url}/../net.mar`),
      },
      {
        url: `${server.url}/absent.mar`,
        answer: toError(
          400,
          "DownloadArchiveException",
          `Failed to download archive from: ${server.url}/absent.mar`,
        ),
      },
    ]
  ) {
    await t.step(url, async () => {
      const line = `POST /models?url=${encodeURIComponent(url)}`;
      deepStrictEqual(await management.call(line), answer);
    });
  }
  const line = JSON.parse(await marina.waitForStderr(/Download failed/));
  deepStrictEqual([line.url, line.reason], [
    `${server.url}/absent.mar`,
    "the server answered 404",
  ]);
  deepStrictEqual(await listStore(folder), []);
});

Deno.test("allowed_urls is empty unless it is set: no URL is downloaded (§2 allowed_urls, a deviation)", async () => {
  await using server = new FileServer({ "/net.mar": sendArchive("net") });
  await using folder = await createFolder();
  await using marina = await startMarina({
    args: ["--model-store", folder.at("store"), "--enable-model-api"],
  });
  for (const url of [`${server.url}/net.mar`, `file://${folder.path}/net.mar`]) {
    deepStrictEqual(
      await new ManagementClient(marina).call(`POST /models?url=${encodeURIComponent(url)}`),
      toError(404, "ModelNotFoundException", `Given URL ${url} does not match any allowed URL(s)`),
    );
  }
  deepStrictEqual(server.asked, []);
});

Deno.test("a pattern of allowed_urls that cannot be read stops the start (§2 allowed_urls)", async () => {
  await using folder = await createFolder();
  await rejects(
    startWithUrls(folder, "https://(models"),
    /ended with code 1[^]*Cannot start: setting "allowed_urls" must be/,
  );
});

Deno.test("a model that cannot be registered takes its download with it, and the mended one is registered (T12, T13)", async () => {
  const broken = "export function handle() {}\nthrow new Error('not today');\n";
  const archives = [
    { bytes: new TextEncoder().encode("no archive"), status: 400 },
    { bytes: buildArchive("-"), status: 400 },
    { bytes: buildArchive("net", broken), status: 500 },
    { bytes: buildArchive("net"), status: 200 },
  ];
  let sent = 0;
  await using server = new FileServer({ "/net.mar": () => new Response(archives[sent]!.bytes) });
  await using folder = await createFolder();
  await using marina = await startWithUrls(folder, `${server.url}/.*`);
  const management = new ManagementClient(marina);
  for (const { status } of archives) {
    const [found] = await management.call(`POST /models?url=${server.url}/net.mar`);
    strictEqual(found, status);
    deepStrictEqual(await listStore(folder), status === 200 ? ["net.mar"] : []);
    sent++;
  }
  // The same name and version under another URL: its copy goes, the model's stays.
  await using twin = new FileServer({ "/twin.mar": sendArchive("net") });
  await using other = await createFolder();
  await using second = await startWithUrls(other, `${server.url}/.*,${twin.url}/.*`);
  sent = 3;
  const client = new ManagementClient(second);
  strictEqual((await client.call(`POST /models?url=${server.url}/net.mar`))[0], 200);
  strictEqual((await client.call(`POST /models?url=${twin.url}/twin.mar`))[0], 409);
  deepStrictEqual(await listStore(other), ["net.mar"]);
});

Deno.test("--models and load_models take allowed URLs, and the next start takes what is there (§3 --models)", async () => {
  await using server = new FileServer({ "/net.mar": sendArchive("net") });
  await using folder = await createFolder();
  const urls = `${server.url}/.*`;
  const url = `${server.url}/net.mar`;
  for (
    const options of [
      { args: ["--ncs", "--models", `mine=${url}`] },
      { args: ["--ncs"], config: { load_models: `mine=${url}` } },
    ]
  ) {
    await using marina = await startWithUrls(folder, urls, options);
    strictEqual(await (await fetch(`${marina.inferenceUrl}/predictions/mine`)).text(), "ok");
    strictEqual(await marina.stop(), 0);
    deepStrictEqual(await listStore(folder), ["net.mar"]);
  }
  deepStrictEqual(server.asked, ["/net.mar"]);
});

Deno.test("DELETE /models/{name} takes a file out of the store that an earlier run has downloaded, and none that the user put there (§1.6, T13)", async () => {
  await using server = new FileServer({
    "/net.mar": sendArchive("net"),
    "/other.mar": sendArchive("other"),
  });
  await using store = await TempFolder.create();
  const config = `default_workers_per_model=1\nallowed_urls=${server.url}/.*\n`;
  await using home = await ServerHome.create(store.path, config);
  await Deno.writeFile(store.at("mine.mar"), buildArchive("mine"));
  {
    await using marina = await home.start();
    const management = new ManagementClient(marina);
    for (const url of [`${server.url}/net.mar`, `${server.url}/other.mar`, "mine.mar"]) {
      strictEqual((await management.call(`POST /models?url=${url}`))[0], 200);
    }
    strictEqual(await marina.stop(), 0);
  }
  // The user's own build in the place of the copy.
  await Deno.writeFile(store.at("other.mar"), buildArchive("other"));
  await using marina = await home.start();
  const management = new ManagementClient(marina);
  for (const name of ["net", "other", "mine"]) {
    strictEqual(await (await fetch(`${marina.inferenceUrl}/predictions/${name}`)).text(), "ok");
    strictEqual((await management.call(`DELETE /models/${name}`))[0], 200);
  }
  deepStrictEqual(await listStore(store, "."), ["mine.mar", "other.mar"]);
});

Deno.test("a server that is stopped or killed during a download leaves nothing for long", async () => {
  const asked = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  let requests = 0;
  await using server = new FileServer({
    "/net.mar": () => {
      asked[requests++]!.resolve();
      return new Response(createBody(new Uint8Array(10), "stalled").body);
    },
  });
  await using folder = await createFolder();
  for (const [index, signal] of (["SIGTERM", "SIGKILL"] as const).entries()) {
    await using marina = await startWithUrls(folder, `${server.url}/.*`);
    const register = new ManagementClient(marina).call(`POST /models?url=${server.url}/net.mar`);
    const answered = register.then(([status]) => status, () => "hung up");
    await asked[index]!.promise;
    while ((await listStore(folder)).length === 0);
    await marina.stop(signal);
    deepStrictEqual([signal, await answered], [signal, signal === "SIGTERM" ? 400 : "hung up"]);
    strictEqual((await listStore(folder)).length, signal === "SIGTERM" ? 0 : 1);
  }
  // Runtimes before 2.7 cannot see that nobody holds the file's lock: they go by its age.
  const [partial] = await listStore(folder);
  await Deno.utime(folder.at(`store/${partial}`), 0, 0);
  await using marina = await startWithUrls(folder, `${server.url}/.*`);
  deepStrictEqual(await listStore(folder), []);
  ok(marina.stderrLines.some((line) => line.includes("Partial downloads of killed servers")));
});

Deno.test("a server that is killed while a model from a URL loads leaves no file that refuses the URL, one killed after the answer leaves the model's file (§1.6 url, T13)", async () => {
  const handlers = ["await new Promise(() => {});\n", NOOP_HANDLER];
  await using server = new FileServer({
    "/net.mar": () => new Response(buildArchive("net", handlers.shift())),
  });
  await using folder = await createFolder();
  const register = `POST /models?url=${server.url}/net.mar`;
  {
    await using marina = await startWithUrls(folder, `${server.url}/.*`);
    const management = new ManagementClient(marina);
    const answered = management.call(register).then(([status]) => status, () => "hung up");
    await waitFor(() => management.call("GET /models/net"), ([status]) => status === 200);
    await marina.stop("SIGKILL");
    strictEqual(await answered, "hung up");
  }
  const [partial, download, ...none] = await listStore(folder);
  deepStrictEqual([partial?.startsWith(".download-"), download, none], [true, "net.mar", []]);
  await makeOld(folder, partial!);
  {
    await using marina = await startWithUrls(folder, `${server.url}/.*`);
    deepStrictEqual(await folder.list("store"), []);
    deepStrictEqual(await new ManagementClient(marina).call(register), [200, {
      status: 'Model "net" Version: 1.0 registered with 1 initial workers',
    }]);
    await marina.stop("SIGKILL");
  }
  await using marina = await startWithUrls(folder, `${server.url}/.*`);
  deepStrictEqual(await listStore(folder), ["net.mar"]);
  strictEqual(await marina.stop(), 0);
});

/** Runtimes before 2.7 cannot see that nobody holds a file's lock: they go by its age. */
async function makeOld(folder: TempFolder, partial: string): Promise<void> {
  await Deno.utime(folder.at(`store/${partial}`), 0, 0);
  for (const name of await folder.list("store")) {
    if (!name.startsWith(".downloaded-")) continue;
    const mark = await Deno.readTextFile(folder.at(`store/${name}`));
    // The two names are of one file.
    await folder.write(
      `store/${name}`,
      mark.replace(/"modifiedAtMs":[\d.]+/, '"modifiedAtMs":0'),
    );
  }
}

Deno.test("POST /models signs the download with AWS's version 4 when s3_sse_kms is true (§1.6 s3_sse_kms)", async () => {
  const headersSeen: Headers[] = [];
  await using server = new FileServer({
    "/bucket/net.mar": (request) => {
      headersSeen.push(request.headers);
      return new Response(buildArchive("net"));
    },
    "/other": () => new Response(null, { status: 404 }),
  });
  await using folder = await createFolder();
  const secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
  await using marina = await startWithUrls(folder, `${server.url}/.*`, {
    env: {
      AWS_ACCESS_KEY_ID: "AKIAIOSFODNN7EXAMPLE",
      AWS_SECRET_ACCESS_KEY: secret,
      AWS_DEFAULT_REGION: "eu-central-1",
    },
  });
  const management = new ManagementClient(marina);
  const url = `${server.url}/bucket/net.mar`;
  const [status] = await management.call(`POST /models?url=${url}&s3_sse_kms=true`);
  strictEqual(status, 200);
  const headers = headersSeen[0]!;
  const text = (name: string) => headers.get(name)!;
  strictEqual(text("x-amz-server-side-encryption"), "aws:kms");
  const time = text("x-amz-date");
  const scope = `${time.slice(0, 8)}/eu-central-1/s3/aws4_request`;
  const signed = "host;x-amz-content-sha256;x-amz-date;x-amz-server-side-encryption";
  const canonical = [
    "GET",
    "/bucket/net.mar",
    "",
    ...signed.split(";").map((name) => `${name}:${text(name)}`),
    "",
    signed,
    text("x-amz-content-sha256"),
  ].join("\n");
  const sha256 = (value: string) => createHash("sha256").update(value).digest("hex");
  const hmac = (key: string | Uint8Array, value: string) =>
    createHmac("sha256", key).update(value).digest();
  const key = scope.split("/").reduce<string | Uint8Array>(hmac, `AWS4${secret}`);
  const signature = hmac(key, ["AWS4-HMAC-SHA256", time, scope, sha256(canonical)].join("\n"));
  strictEqual(
    text("authorization"),
    `AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/${scope}, SignedHeaders=${signed}, ` +
      `Signature=${signature.toString("hex")}`,
  );
  await management.call("DELETE /models/net");
  await management.call(`POST /models?url=${url}`);
  strictEqual(headersSeen[1]!.get("authorization"), null);
  ok(!marina.stderrLines.join("\n").includes(secret));
});

Deno.test("POST /models with s3_sse_kms and no keys in the environment answers 400, and the log names the variables", async () => {
  await using server = new FileServer({ "/net.mar": sendArchive("net") });
  await using folder = await createFolder();
  const env = { AWS_ACCESS_KEY_ID: "", AWS_SECRET_ACCESS_KEY: "", AWS_DEFAULT_REGION: "" };
  await using marina = await startWithUrls(folder, `${server.url}/.*`, { env });
  const [status] = await new ManagementClient(marina)
    .call(`POST /models?url=${server.url}/net.mar&s3_sse_kms=true`);
  strictEqual(status, 400);
  await marina.waitForStderr(/Download failed.*s3_sse_kms needs AWS_ACCESS_KEY_ID/);
  deepStrictEqual(server.asked, []);
});

Deno.test("https URLs are downloaded from whoever proves to have the name, and do not lead to http", async (t) => {
  const file = (name: string) => new URL(`../testdata/tls/${name}`, import.meta.url);
  const tls = {
    cert: await Deno.readTextFile(file("rsa_chain.crt")),
    key: await Deno.readTextFile(file("rsa_pkcs8.key")),
  };
  await using plain = new FileServer({ "/net.mar": sendArchive("net") });
  await using server = new FileServer({
    "/net.mar": sendArchive("net"),
    "/down/net.mar": () =>
      new Response(null, { status: 302, headers: { location: `${plain.url}/net.mar` } }),
  }, tls);
  await using folder = await createFolder();
  const urls = `${server.url}/.*,${plain.url}/.*`;
  const failure = (url: string) =>
    toError(400, "DownloadArchiveException", `Failed to download archive from: ${url}`);
  const register = (marina: MarinaProcess, path: string) =>
    new ManagementClient(marina).call(`POST /models?url=${server.url}${path}`);
  await t.step("a certificate that nobody trusts is refused", async () => {
    await using marina = await startWithUrls(folder, urls);
    deepStrictEqual(await register(marina, "/net.mar"), failure(`${server.url}/net.mar`));
    deepStrictEqual(server.asked, []);
  });
  await using marina = await startWithUrls(folder, urls, {
    env: { DENO_CERT: file("root.crt").pathname },
  });
  await t.step("a redirect to http is refused, though a pattern matches it", async () => {
    deepStrictEqual(await register(marina, "/down/net.mar"), failure(`${server.url}/down/net.mar`));
    await marina.waitForStderr(/Download failed.*a redirect leads from https to http:/);
    deepStrictEqual(plain.asked, []);
  });
  await t.step("a trusted one is registered", async () => {
    strictEqual((await register(marina, "/net.mar"))[0], 200);
  });
});
