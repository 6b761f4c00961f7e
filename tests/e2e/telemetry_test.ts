import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { startMarina } from "../support/marina_process.ts";
import { createModelStore } from "../support/model_store.ts";

/** Every file below a folder, relative to it. */
async function listFiles(dir: string, prefix = ""): Promise<string[]> {
  const names: string[] = [];
  for await (const entry of Deno.readDir(`${dir}/${prefix}`)) {
    const name = prefix + entry.name;
    if (entry.isDirectory) names.push(...await listFiles(dir, `${name}/`));
    else names.push(name);
  }
  return names.sort();
}

Deno.test("serve leaves no telemetry file: neither onnxruntime's device id and database nor its log", async () => {
  await using store = await createModelStore({
    mlp: { handler: "base_handler", serializedFile: "tests/testdata/bench/mlp.onnx" },
  });
  const home = await Deno.makeTempDir();
  const temp = await Deno.makeTempDir();
  // A compiled program unpacks its own libraries here.
  const cache = await Deno.makeTempDir();
  const denoDir = JSON.parse(new TextDecoder().decode(
    (await new Deno.Command(Deno.execPath(), { args: ["info", "--json"] }).output()).stdout,
  )).denoDir;
  {
    await using marina = await startMarina({
      args: ["--model-store", store.dir, "--models", "all"],
      config: { default_workers_per_model: 1 },
      env: {
        HOME: home,
        XDG_CACHE_HOME: `${home}/.cache`,
        MARINA_CACHE_DIR: cache,
        TMPDIR: temp,
        DENO_DIR: denoDir,
      },
    });
    const body = JSON.stringify(Array(64).fill(0.5));
    const response = await fetch(`${marina.inferenceUrl}/predictions/mlp`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body,
    });
    strictEqual((await response.json()).length, 10);
    strictEqual(await marina.stop(), 0);
  }
  deepStrictEqual(await listFiles(home), []);
  deepStrictEqual(await listFiles(temp), []);
  await Deno.remove(cache, { recursive: true });
  await Deno.remove(home, { recursive: true });
  await Deno.remove(temp, { recursive: true });
});
