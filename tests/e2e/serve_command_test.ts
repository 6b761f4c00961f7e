import { deepStrictEqual, match, ok, rejects, strictEqual } from "node:assert/strict";
import { basename, join } from "node:path";
import { type MarinaProcess, runMarina, startMarina } from "../support/marina_process.ts";
import { createModelStore } from "../support/model_store.ts";

const ONE_WORKER = { default_workers_per_model: 1 };
const IS_WINDOWS = Deno.build.os === "windows";

const ECHO = {
  handler: "base_handler",
  serializedFile: "tests/testdata/models/identity_float32.onnx",
};

/** Says so when a request has come, then answers late: long enough for a signal to come between. */
const SLOW = {
  handler: `export function handle(data) {
    if (data === null) return null;
    console.log("a request has come");
    const end = Date.now() + 500;
    while (Date.now() < end);
    return data.map(() => "late");
  }`,
};

/** Says so when a request has come, and never answers. */
const STUCK = {
  handler: `export function handle(data) {
    if (data === null) return null;
    console.log("a request has come");
    for (;;);
  }`,
};

async function getJson(
  url: string,
  init?: RequestInit,
): Promise<{ status: number; body: unknown }> {
  const response = await fetch(url, init);
  return { status: response.status, body: await response.json() };
}

async function listNames(server: MarinaProcess): Promise<string[]> {
  const { body } = await getJson(`${server.managementUrl}/models`);
  return (body as { models: { modelName: string }[] }).models.map(({ modelName }) => modelName);
}

Deno.test("serve prints its three addresses and one closing line, and nothing else on stdout", async () => {
  await using store = await createModelStore({});
  await using server = await startMarina({ args: ["--model-store", store.dir] });
  strictEqual(server.stdoutLines.length, 4);
  match(server.stdoutLines[0]!, /^Inference address: http:\/\/127\.0\.0\.1:[1-9]\d*$/);
  match(server.stdoutLines[1]!, /^Management address: http:\/\/127\.0\.0\.1:[1-9]\d*$/);
  match(server.stdoutLines[2]!, /^Metrics address: http:\/\/127\.0\.0\.1:[1-9]\d*$/);
  strictEqual(server.stdoutLines[3], "Model server started.");
  deepStrictEqual(await getJson(`${server.inferenceUrl}/ping`), {
    status: 200,
    body: { status: "Healthy" },
  });
  deepStrictEqual(await getJson(`${server.managementUrl}/models`), {
    status: 200,
    body: { models: [] },
  });
  const metrics = await fetch(`${server.metricsUrl}/metrics`);
  deepStrictEqual([metrics.status, await metrics.text()], [200, ""]);
});

Deno.test("--models all loads every archive of the store, and skips the broken one with a log line", async () => {
  await using store = await createModelStore({ one: ECHO, two: ECHO });
  await Deno.writeTextFile(join(store.dir, "broken.mar"), "no archive");
  await Deno.writeTextFile(join(store.dir, "notes.txt"), "no archive either");
  await using server = await startMarina({
    args: ["--model-store", store.dir, "--models", "all"],
    config: ONE_WORKER,
  });
  deepStrictEqual(await listNames(server), ["one", "two"]);
  const line = await server.waitForStderr(/Failed to load model/);
  const { level, url, reason } = JSON.parse(line);
  deepStrictEqual([level, url], ["error", "broken.mar"]);
  match(reason, /./);
  ok(!server.stderrLines.some((line) => line.includes("notes.txt")));
});

Deno.test("the first version named on the command line is the default", async () => {
  await using store = await createModelStore({
    "echo@b": { ...ECHO, version: "2.0" },
    "echo@a": { ...ECHO, version: "1.0" },
  });
  await using server = await startMarina({
    args: ["--model-store", store.dir, "--models", "echo@b.mar", "echo@a.mar"],
    config: ONE_WORKER,
  });
  const { body } = await getJson(`${server.managementUrl}/models/echo`);
  strictEqual((body as { modelVersion: string }[])[0]!.modelVersion, "2.0");
  const all = await getJson(`${server.managementUrl}/models/echo/all`);
  strictEqual((all.body as unknown[]).length, 2);
});

Deno.test("--models beats load_models, and load_models loads what it names", async () => {
  await using store = await createModelStore({ one: ECHO, two: ECHO });
  const config = { ...ONE_WORKER, load_models: "renamed=one.mar", model_store: store.dir };
  {
    await using server = await startMarina({ args: [], config });
    deepStrictEqual(await listNames(server), ["renamed"]);
  }
  await using server = await startMarina({ args: ["--models", "two.mar"], config });
  deepStrictEqual(await listNames(server), ["two"]);
});

Deno.test("--enable-model-api lets a model be registered, scaled and unregistered (§1.10)", async () => {
  await using store = await createModelStore({ echo: ECHO });
  await using server = await startMarina({
    args: ["--model-store", store.dir, "--enable-model-api"],
  });
  const models = `${server.managementUrl}/models`;
  const text = async (url: string, init: RequestInit): Promise<[number, unknown]> => {
    const { status, body } = await getJson(url, init);
    return [status, (body as { status: string }).status];
  };
  deepStrictEqual(await text(`${models}?url=echo.mar`, { method: "POST" }), [
    200,
    'Model "echo" Version: 1.0 registered with 0 initial workers. Use scale workers API to add workers for the model.',
  ]);
  const predict = (): Promise<Response> =>
    fetch(`${server.inferenceUrl}/predictions/echo`, { method: "POST", body: "[[1, 2, 3]]" });
  const busy = await predict();
  deepStrictEqual([busy.status, busy.headers.get("retry-after")], [503, "1"]);
  match((await busy.json()).message, /^Model "echo" has no worker to serve inference request\./);
  deepStrictEqual(await text(`${models}/echo?min_worker=1&synchronous=true`, { method: "PUT" }), [
    200,
    "Workers scaled to 1 for model: echo",
  ]);
  deepStrictEqual(await text(`${models}/echo/1.0/set-default`, { method: "PUT" }), [
    200,
    'Default version successfully updated for model "echo" to "1.0"',
  ]);
  deepStrictEqual((await getJson(`${models}/echo`)).status, 200);
  strictEqual((await getJson(`${models}?url=echo.mar`, { method: "POST" })).status, 409);
  deepStrictEqual(await text(`${models}/echo`, { method: "DELETE" }), [
    200,
    'Model "echo" unregistered',
  ]);
  strictEqual((await getJson(`${models}/echo`)).status, 404);
});

Deno.test("serve refuses to register over HTTP unless it was started with --enable-model-api (§1.10)", async () => {
  await using store = await createModelStore({});
  await using server = await startMarina({ args: ["--model-store", store.dir] });
  const url = `${server.managementUrl}/models?url=x.mar`;
  strictEqual((await getJson(url, { method: "POST" })).status, 405);
});

Deno.test("serve warns of settings that have no effect, one line each (§2)", async () => {
  await using store = await createModelStore({});
  await using server = await startMarina({
    args: ["--model-store", store.dir],
    config: { vmargs: "-Xmx4g", job_queue_sise: 3 },
  });
  const warnings = server.stderrLines.map((line) => JSON.parse(line))
    .filter(({ level }) => level === "warning").map(({ message }) => message);
  strictEqual(warnings.length, 2);
  match(warnings[0], /^Setting "job_queue_sise" .* is unknown, did you mean "job_queue_size"\?$/);
  match(warnings[1], /^Setting "vmargs" .* has no effect: there is no Java machine$/);
});

Deno.test.each([
  { args: [], code: 1, message: "Missing mandatory parameter --model-store" },
  {
    args: ["--model-store", "/nowhere/at/all"],
    code: 1,
    message: "--model-store directory not found",
  },
  {
    args: ["--model-store", ".", "--ts-config", "nowhere"],
    code: 1,
    message: "--ts-config file not found",
  },
  { args: ["--nope"], code: 2, message: "unrecognized arguments: --nope" },
  { args: ["--model", "."], code: 2, message: "ambiguous option: --model" },
])("serve $args ends with code $code and says why on stderr, without a stack", async (row) => {
  const { code, stdout, stderr } = await runMarina(["serve", ...row.args]);
  deepStrictEqual([code, stdout], [row.code, ""]);
  ok(stderr.includes(`marina serve: error: ${row.message}`), stderr);
  ok(!stderr.includes("    at "), stderr);
});

Deno.test.each(["--version", "-v"])(
  "serve %s prints the version and ends with code 0 (§3)",
  async (flag) => {
    const { code, stdout, stderr } = await runMarina(["serve", flag]);
    deepStrictEqual([code, stderr], [0, ""]);
    match(stdout, /^marina \d+\.\d+\.\d+\n$/);
  },
);

Deno.test("serve --help prints the flags and ends with code 0", async () => {
  const { code, stdout, stderr } = await runMarina(["serve", "--help"]);
  deepStrictEqual([code, stderr], [0, ""]);
  match(stdout, /--model-store DIR/);
});

Deno.test("serve ends with code 1, setting, file and line for a value that it cannot use (§2)", async () => {
  await using store = await createModelStore({});
  const path = join(store.dir, "my.properties");
  await Deno.writeTextFile(path, "# one\n\njob_queue_size=0\n");
  const args = ["serve", "--model-store", store.dir, "--ts-config", path];
  const { code, stdout, stderr } = await runMarina(args);
  deepStrictEqual([code, stdout], [1, ""]);
  strictEqual(
    stderr,
    'marina serve: error: Cannot start: setting "job_queue_size" must be an integer from 1 to ' +
      `2147483647, received "0" (from ${basename(path)}, line 3)\n`,
  );
});

Deno.test("serve ends with code 1 and names the setting when a port is taken", async () => {
  await using store = await createModelStore({});
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const inference_address = `http://127.0.0.1:${taken.addr.port}`;
  await rejects(
    startMarina({ args: ["--model-store", store.dir], config: { inference_address } }),
    /ended with code 1\n.*setting "inference_address" must be a free address/s,
  );
});

for (const signal of IS_WINDOWS ? [] : ["SIGTERM", "SIGINT"] as const) {
  Deno.test(`serve ends with code 0 at ${signal}, and leaves no unpacked model behind`, async () => {
    await using store = await createModelStore({ echo: ECHO });
    const tempDir = await Deno.makeTempDir();
    await using server = await startMarina({
      args: ["--model-store", store.dir, "--models", "echo.mar"],
      config: ONE_WORKER,
      env: { TMPDIR: tempDir },
    });
    strictEqual([...Deno.readDirSync(tempDir)].length, 1);
    const idle = await fetch(`${server.inferenceUrl}/ping`);
    await idle.text();
    strictEqual(await server.stop(signal), 0);
    deepStrictEqual([...Deno.readDirSync(tempDir)], []);
    await rejects(fetch(`${server.inferenceUrl}/ping`), TypeError);
    await Deno.remove(tempDir);
  });
}

Deno.test({
  name:
    "serve takes no connection after SIGTERM, finishes the request in flight and ends with code 0",
  ignore: IS_WINDOWS,
  fn: async () => {
    await using store = await createModelStore({ slow: SLOW });
    await using server = await startMarina({
      args: ["--model-store", store.dir, "--models", "slow.mar"],
      config: ONE_WORKER,
    });
    const answered = fetch(`${server.inferenceUrl}/predictions/slow`, {
      method: "POST",
      body: "x",
    });
    await server.waitForStderr(/a request has come/);
    server.kill("SIGTERM");
    await server.waitForStderr(/Stopping/);
    await rejects(fetch(`${server.inferenceUrl}/ping`), TypeError);
    const response = await answered;
    deepStrictEqual([response.status, await response.text()], [200, "late"]);
    strictEqual(await server.waitForExit(), 0);
  },
});

Deno.test({
  name: "serve ends at once with code 143 at a second SIGTERM, and leaves no unpacked model behind",
  ignore: IS_WINDOWS,
  fn: async () => {
    await using store = await createModelStore({ stuck: STUCK });
    const tempDir = await Deno.makeTempDir();
    await using server = await startMarina({
      args: ["--model-store", store.dir, "--models", "stuck.mar"],
      config: ONE_WORKER,
      env: { TMPDIR: tempDir },
    });
    const answered = fetch(`${server.inferenceUrl}/predictions/stuck`, {
      method: "POST",
      body: "x",
    })
      .then((response) => response.status, () => "cut off");
    await server.waitForStderr(/a request has come/);
    server.kill("SIGTERM");
    await server.waitForStderr(/Stopping/);
    server.kill("SIGTERM");
    strictEqual(await server.waitForExit(), 143);
    strictEqual(await answered, "cut off");
    deepStrictEqual([...Deno.readDirSync(tempDir)], []);
    await Deno.remove(tempDir);
  },
});
