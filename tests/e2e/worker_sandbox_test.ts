import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { startMarina } from "../support/marina_process.ts";
import { createModelStore } from "../support/model_store.ts";
import { TempFolder } from "../support/temp_folder.ts";

/** Each attempt of a handler to get out; it answers what came of it. */
const PRISONER = `
import { PredictionException } from "marina";
import process from "node:process";
import fs from "node:fs";

// decodeImage is named here, so that the image library is loaded before the handler. Names in two pieces are
// left to the runtime by a bundler, and asked of the host.
const attempts = {
  fetch: (_dir, url) => fetch(url),
  connect: (_dir, url) => Deno.connect({ port: Number(new URL(url).port) }),
  listen: () => Deno.listen({ port: 0 }),
  readPasswd: () => Deno.readTextFile("/etc/passwd"),
  readPasswdByNode: async () => fs.readFileSync("/etc/passwd", "utf8"),
  readParent: async () => [...Deno.readDirSync(new URL("..", import.meta.url))],
  readMaps: () => Deno.readTextFile("/proc/self/maps"),
  writeModelFolder: (dir) => Deno.writeTextFile(dir + "/note.txt", "x"),
  writeTemp: () => Deno.makeTempDir(),
  spawn: () => new Deno.Command("true").output(),
  spawnByNode: async () => {
    const { execSync } = await import("node:child_process");
    return execSync("true");
  },
  environment: async () => Deno.env.get("HOME"),
  environmentByNode: async () => {
    const value = process.env.HOME;
    if (value === undefined) throw new Deno.errors.NotCapable();
    return value;
  },
  hostname: async () => Deno.hostname(),
  dlopen: async () => Deno.dlopen("libc.so.6", {}),
  dlopenByNode: async () => process.dlopen({ exports: {} }, "/lib/x.node"),
  importRemote: () => import("ht" + "tps://example.com/x.ts"),
  importPackage: () => import("np" + "m:is-odd@3.0.1"),
  sessionOfItsOwn: async (dir) => {
    const { InferenceSession } = await import("onnxruntime" + "-node");
    const optimizedModelFilePath = "/tmp/escaped.onnx";
    return InferenceSession.create(dir + "/mlp.onnx", { optimizedModelFilePath });
  },
  saveImage: async () => {
    const { default: sharp } = await import("sh" + "arp");
    const create = { width: 1, height: 1, channels: 3, background: "red" };
    return sharp({ create }).png().toFile("/tmp/escaped.png");
  },
  loadImage: async (dir) => {
    const { default: sharp } = await import("sh" + "arp");
    sharp.unblock({ operation: ["VipsForeignLoad"] });
    return sharp(dir + "/../x.png").raw().toBuffer();
  },
  thread: async () => new Worker(import.meta.url, { type: "module" }),
  importOutside: () => import("fi" + "le:///etc/passwd"),
  signal: async () => Deno.kill(Deno.pid, "SIGTERM"),
  askForMore: async () => {
    const { state } = await Deno.permissions.request({ name: "net" });
    if (state === "granted") return "granted";
    throw new Deno.errors.NotCapable(state);
  },
};

export class Prisoner {
  async handle(data, context) {
    const outcomes = { marina: new PredictionException("x").errorCode };
    for (const [name, attempt] of Object.entries(attempts)) {
      try {
        await attempt(context.systemProperties.modelDir, data[0].body);
        outcomes[name] = "ESCAPED";
      } catch (error) {
        outcomes[name] = error.name;
      }
    }
    outcomes.readOwn = (await Deno.readTextFile(new URL("own.txt", import.meta.url))).trim();
    outcomes.importOwn = (await import("./helper.ts")).answer;
    return data.map(() => outcomes);
  }
}
`;

Deno.test("a handler reads its own model folder and cannot fetch, read the password file, spawn, write or load anything else", async () => {
  await using store = await createModelStore({
    prisoner: {
      handler: PRISONER,
      serializedFile: "tests/testdata/bench/mlp.onnx",
      files: { "own.txt": "mine\n", "helper.ts": "export const answer: number = 42;\n" },
    },
  });
  await using marina = await startMarina({
    args: ["--model-store", store.dir, "--models", "all"],
    config: { default_workers_per_model: 1 },
  });
  const response = await fetch(`${marina.inferenceUrl}/predictions/prisoner`, {
    method: "POST",
    headers: { "content-type": "text/plain" },
    body: `${marina.managementUrl}/models`,
  });
  const outcomes: Record<string, unknown> = await response.json();
  strictEqual(response.status, 200);
  const { marina: code, readOwn, importOwn, ...attempts } = outcomes;
  deepStrictEqual([code, readOwn, importOwn], [500, "mine", 42]);
  const escaped = Object.entries(attempts).filter(([, outcome]) => outcome === "ESCAPED");
  deepStrictEqual(escaped, []);
  ok(Object.keys(attempts).length >= 20);
  for (
    const name of [
      "fetch",
      "readPasswd",
      "readPasswdByNode",
      "spawn",
      "environment",
      "dlopen",
      "connect",
    ]
  ) {
    strictEqual(attempts[name], "NotCapable", name);
  }
});

/** Goes around what it is given, to the native libraries that its thread has loaded: they ask for no permission. */
const BURROWER = `
import { createRequire } from "node:module";

// decodeImage is named here, so that the image library is loaded before the handler.
const packageRoot = (name) => import.meta.resolve(name).replace(/dist.index.m?js$/, "");
const ort = () => packageRoot("onnxruntime" + "-node");
const sharpRoot = () => packageRoot("sh" + "arp") + "dist/";
const makeSession = (backend, dir, outside) => {
  const options = { optimizedModelFilePath: outside + "/session.onnx" };
  return backend.createInferenceSessionHandler(dir + "/mlp.onnx", options);
};

const attempts = {
  cachedBackend: async (context, outside) => {
    const cache = Object.entries(createRequire("file:///x.js").cache);
    const [, { exports }] = cache.find(([path]) => path.endsWith("dist/backend.js"));
    return makeSession(exports.onnxruntimeBackend, context.systemProperties.modelDir, outside);
  },
  importedBackend: async (context, outside) => {
    const { onnxruntimeBackend } = await import(ort() + "dist/backend.js");
    return makeSession(onnxruntimeBackend, context.systemProperties.modelDir, outside);
  },
  requiredBackend: async (context, outside) => {
    const { onnxruntimeBackend } = createRequire(ort() + "dist/index.js")("./backend.js");
    return makeSession(onnxruntimeBackend, context.systemProperties.modelDir, outside);
  },
  classOfASession: async (context, outside) => {
    const { InferenceSession } = (await import(ort() + "dist/index.js")).default;
    const { run } = InferenceSession.prototype;
    let caught;
    InferenceSession.prototype.run = function (...args) {
      caught = this.handler.constructor;
      return run.apply(this, args);
    };
    const session = await context.openModel("mlp.onnx");
    await session.run({}).catch(() => {});
    InferenceSession.prototype.run = run;
    const options = { optimizedModelFilePath: outside + "/caught.onnx" };
    return new caught(context.systemProperties.modelDir + "/mlp.onnx", options);
  },
  everyObjectsOption: async (context, outside) => {
    Object.prototype.optimizedModelFilePath = outside + "/polluted.onnx";
    try {
      await context.openModel("mlp.onnx");
    } finally {
      delete Object.prototype.optimizedModelFilePath;
    }
    throw new Error("This session is an ordinary one, if no file was written");
  },
  switchOfTheImageLibrary: async (_context, outside) => {
    const { default: addon } = await import(sharpRoot() + "sharp.mjs");
    addon.block(["VipsForeignSave"], false);
    const { default: sharp } = await import(sharpRoot() + "index.mjs");
    const create = { width: 1, height: 1, channels: 3, background: "red" };
    return sharp({ create }).png().toFile(outside + "/image.png");
  },
};

export class Burrower {
  async handle(data, context) {
    const outcomes = {};
    for (const [name, attempt] of Object.entries(attempts)) {
      try {
        await attempt(context, data[0].body);
        outcomes[name] = "ESCAPED";
      } catch (error) {
        outcomes[name] = error.name + ": " + error.message;
      }
    }
    return data.map(() => outcomes);
  }
}
`;

Deno.test("a handler that goes around to the native libraries of its thread makes no session of its own, and writes no file", async () => {
  await using outside = await TempFolder.create();
  await using store = await createModelStore({
    burrower: { handler: BURROWER, serializedFile: "tests/testdata/bench/mlp.onnx" },
  });
  await using marina = await startMarina({
    args: ["--model-store", store.dir, "--models", "all"],
    config: { default_workers_per_model: 1 },
  });
  const response = await fetch(`${marina.inferenceUrl}/predictions/burrower`, {
    method: "POST",
    headers: { "content-type": "text/plain" },
    body: outside.path,
  });
  const outcomes: Record<string, string> = await response.json();
  strictEqual(response.status, 200, JSON.stringify(outcomes));
  strictEqual(Object.keys(outcomes).length, 6);
  const escaped = Object.entries(outcomes).filter(([, outcome]) => outcome === "ESCAPED");
  deepStrictEqual(escaped, []);
  deepStrictEqual(await Array.fromAsync(Deno.readDir(outside.path), ({ name }) => name), []);
});
