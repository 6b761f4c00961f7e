/** What only a compiled program has to show; the suite runs against one when `MARINA_CMD` names it. */
import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import { join } from "node:path";
import { startMarina } from "../support/marina_process.ts";
import { createModelStore } from "../support/model_store.ts";

const PROGRAM = Deno.env.get("MARINA_CMD")?.trim() ?? "";
const IS_COMPILED = /(^|[\\/])marina-[\w-]+(\.exe)?$/.test(PROGRAM);
const ECHO = {
  handler: "base_handler",
  serializedFile: "tests/testdata/models/identity_float32.onnx",
};

async function predict(inferenceUrl: string): Promise<unknown> {
  const response = await fetch(`${inferenceUrl}/predictions/echo`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: "[[1,2,3]]",
  });
  strictEqual(response.status, 200);
  return await response.json();
}

Deno.test({
  name: "programs that start for the first time together share one set of native files",
  ignore: !IS_COMPILED,
  fn: async () => {
    await using store = await createModelStore({ echo: ECHO });
    const cacheDir = await Deno.makeTempDir();
    const args = ["--model-store", store.dir, "--models", "echo.mar"];
    const start = () => startMarina({ args, env: { MARINA_CACHE_DIR: cacheDir } });
    const servers = await Promise.all([start(), start(), start()]);
    try {
      for (const server of servers) await predict(server.inferenceUrl);
      strictEqual([...Deno.readDirSync(join(cacheDir, "native"))].length, 1);
    } finally {
      for (const server of servers) await server[Symbol.asyncDispose]();
      await Deno.remove(cacheDir, { recursive: true });
    }
  },
});

/** Everything is read-only but what is mounted at /mnt; `"$1"` is a store, the rest the command. */
const READ_ONLY_ROOT = `
set -e
store="$1" root="$2"
shift 2
mount --bind / "$root"
mount -o remount,ro,bind "$root"
mount -t tmpfs tmpfs "$root/mnt"
mount --bind /proc "$root/proc"
mount --bind /dev "$root/dev"
cp -r "$store" "$root/mnt/store"
exec chroot "$root" /usr/bin/env -u TMPDIR -u TEMP -u TMP MARINA_CACHE_DIR=/mnt/cache "$@"
`;

/** Mounts need a kernel and a user that allow them. */
async function canMount(): Promise<boolean> {
  if (!IS_COMPILED || Deno.build.os !== "linux") return false;
  const args = ["-m", "sh", "-c", "mount --bind / /mnt && mount -o remount,ro,bind /mnt"];
  try {
    return (await new Deno.Command("unshare", { args, stdout: "null", stderr: "null" }).output())
      .success;
  } catch {
    return false;
  }
}

Deno.test({
  name: "serve needs one writable folder, MARINA_CACHE_DIR, on a read-only root",
  ignore: !await canMount(),
  fn: async () => {
    await using store = await createModelStore({ echo: ECHO });
    const root = await Deno.makeTempDir();
    const configPath = join(store.dir, "config.properties");
    const address = "http://127.0.0.1:0";
    await Deno.writeTextFile(
      configPath,
      `inference_address=${address}\nmanagement_address=${address}\nmetrics_address=${address}\n` +
        "disable_token_authorization=true\ndefault_workers_per_model=1\n",
    );
    const child = new Deno.Command("unshare", {
      args: ["-m", "sh", "-c", READ_ONLY_ROOT, "sh", store.dir, root, PROGRAM, "serve"]
        .concat(["--model-store", "/mnt/store", "--models", "echo.mar", "--ncs"])
        .concat(["--ts-config", "/mnt/store/config.properties"]),
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const stderr = new Response(child.stderr).text();
    try {
      let text = "";
      for await (const part of child.stdout.pipeThrough(new TextDecoderStream())) {
        text += part;
        if (text.includes("Model server started.")) break;
      }
      match(text, /Inference address: (\S+)/, await Promise.race([stderr, ""]));
      deepStrictEqual(await predict(/Inference address: (\S+)/.exec(text)![1]!), [[1, 2, 3]]);
    } finally {
      child.kill("SIGTERM");
      await child.status;
      await stderr;
      await Deno.remove(root);
    }
  },
});

Deno.test({
  name: "serve ends at once where nothing may be loaded from its cache, and names the variable",
  ignore: !await canMount(),
  fn: async () => {
    await using store = await createModelStore({ echo: ECHO });
    const mounted = join(store.dir, "no exec");
    await Deno.mkdir(mounted);
    const { code, stdout, stderr } = await new Deno.Command("unshare", {
      args: ["-m", "sh", "-c", 'mount -t tmpfs -o noexec tmpfs "$0" && exec "$@"', mounted, PROGRAM]
        .concat(["serve", "--model-store", store.dir, "--models", "echo.mar", "--ncs"])
        .concat(["--disable-token-auth"]),
      cwd: store.dir,
      env: { MARINA_CACHE_DIR: mounted, LOG_LOCATION: mounted, METRICS_LOCATION: mounted },
    }).output();
    const decoder = new TextDecoder();
    deepStrictEqual([code, decoder.decode(stdout)], [1, ""]);
    match(
      decoder.decode(stderr),
      /Cannot load the native libraries: .*noexec; name another as environment variable MARINA_CACHE_DIR$/m,
    );
  },
});
