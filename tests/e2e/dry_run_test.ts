import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import { FileServer } from "../support/file_server.ts";
import { NOOP_HANDLER } from "../support/management_client.ts";
import { runMarina } from "../support/marina_process.ts";
import { createModelStore } from "../support/model_store.ts";
import { TempFolder } from "../support/temp_folder.ts";

/** Runs `serve --dry-run` with a working folder and a temporary folder of its own, which must stay empty. */
async function dryRun(
  args: readonly string[],
  config: string,
): Promise<{ readonly code: number; readonly lines: string[]; readonly stderr: string }> {
  await using folder = await TempFolder.create();
  await folder.write("config.properties", `disable_token_authorization=true\n${config}`);
  await Deno.mkdir(folder.at("temp"));
  const { code, stdout, stderr } = await runMarina(
    ["serve", "--dry-run", "--ts-config", folder.at("config.properties"), ...args],
    { cwd: folder.path, env: { TMPDIR: folder.at("temp") } },
  );
  deepStrictEqual(await folder.list(), ["config.properties", "temp"]);
  deepStrictEqual(await folder.list("temp"), []);
  return { code, lines: stdout.split("\n").slice(0, -1), stderr };
}

async function listStore(dir: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(dir), ({ name }) => name)).sort();
}

Deno.test("serve --dry-run names every archive of the store, exits 0 and leaves nothing", async () => {
  await using store = await createModelStore({
    first: { handler: NOOP_HANDLER },
    "second@2": {
      handler: "base_handler",
      serializedFile: "tests/testdata/bench/mlp.onnx",
      version: "2.0",
    },
  });
  const { code, lines, stderr } = await dryRun(["--model-store", store.dir], "");
  deepStrictEqual([code, stderr], [0, ""]);
  deepStrictEqual(lines, ["ok first 1.0 first.mar", "ok second 2.0 second@2.mar"]);
});

Deno.test("serve --dry-run exits 1 when one archive cannot be loaded, and says of each why", async () => {
  await using store = await createModelStore({
    good: { handler: NOOP_HANDLER },
    warned: { handler: NOOP_HANDLER, config: "batchSize: many\n" },
    yaml: { handler: NOOP_HANDLER, config: "- [\n" },
    "twin@1": { handler: NOOP_HANDLER },
    "twin@2": { handler: NOOP_HANDLER },
    foreign: { handler: `import "https://example.com/x.ts";\n${NOOP_HANDLER}` },
    changed: { handler: NOOP_HANDLER },
    broken: { handler: "export const x: = 1;\n" },
    lost: { handler: `import "./helper.ts";\n${NOOP_HANDLER}` },
  });
  await Deno.writeTextFile(`${store.dir}/text.mar`, "no archive");
  await Deno.mkdir(`${store.dir}/empty\nfolder`);
  const bytes = await Deno.readFile(`${store.dir}/changed.mar`);
  bytes[bytes.length >> 1]! ^= 1;
  await Deno.writeFile(`${store.dir}/changed.mar`, bytes);
  const before = await listStore(store.dir);
  const { code, lines, stderr } = await dryRun(["--model-store", store.dir], "");
  strictEqual(code, 1);
  const [broken, changed, empty, foreign, good, lost, text, ...rest] = lines;
  strictEqual(
    broken,
    'FAILED broken.mar: Cannot bundle handler "handler.ts": Unexpected "=" (handler.ts, line 1)',
  );
  match(lost!, /^FAILED lost\.mar: .* "\.\/helper\.ts": the archive has no such file /);
  match(changed!, /^FAILED changed\.mar: Cannot /);
  match(
    empty!,
    /^FAILED empty\\u000afolder: Cannot use handler|^FAILED empty\\u000afolder: Cannot serve/,
  );
  match(foreign!, /^FAILED foreign\.mar: Cannot use handler module "handler\.ts": it imports /);
  strictEqual(good, "ok good 1.0 good.mar");
  match(text!, /^FAILED text\.mar: Cannot open "text\.mar": /);
  deepStrictEqual(rest.slice(0, 3), [
    "ok twin 1.0 twin@1.mar",
    "FAILED twin@2.mar: Model version 1.0 is already registered for model twin",
    "ok warned 1.0 warned.mar",
  ]);
  match(rest[3]!, /^FAILED yaml\.mar: Cannot /);
  strictEqual(rest.length, 4);
  match(
    stderr,
    /^marina serve: warning: warned: Cannot use "batchSize" of the model config: .*\n$/,
  );
  deepStrictEqual(await listStore(store.dir), before);
});

Deno.test("serve --dry-run checks what the config would load, and downloads to its temporary folder alone", async () => {
  await using store = await createModelStore({
    named: { handler: NOOP_HANDLER },
    other: { handler: NOOP_HANDLER },
    remote: { handler: NOOP_HANDLER },
  });
  const remote = await Deno.readFile(`${store.dir}/remote.mar`);
  await Deno.remove(`${store.dir}/remote.mar`);
  await using server = new FileServer({ "/remote.mar": () => new Response(remote) });
  const url = `${server.url}/remote.mar`;
  const { code, lines } = await dryRun(
    ["--model-store", store.dir],
    `allowed_urls=${server.url}/.*\nload_models=mine=named.mar,far=${url},${server.url}/absent.mar,gone.mar\n`,
  );
  strictEqual(code, 1);
  deepStrictEqual(lines, [
    "ok mine 1.0 named.mar",
    `ok far 1.0 ${url}`,
    `FAILED ${server.url}/absent.mar: Failed to download archive from: ${server.url}/absent.mar (the server answered 404)`,
    "FAILED gone.mar: Model not found at: gone.mar",
  ]);
  deepStrictEqual(await listStore(store.dir), ["named.mar", "other.mar"]);
});

Deno.test("serve --dry-run exits 1 for a config that would not start, on ports that are in use", async () => {
  await using store = await createModelStore({ net: { handler: NOOP_HANDLER } });
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const address = `inference_address=http://127.0.0.1:${listener.addr.port}\n`;
  const good = await dryRun(["--model-store", store.dir], address);
  deepStrictEqual([good.code, good.lines], [0, ["ok net 1.0 net.mar"]]);
  const bad = await dryRun(["--model-store", store.dir], "job_queue_size=none\n");
  deepStrictEqual([bad.code, bad.lines], [1, []]);
  match(bad.stderr, /Cannot start: setting "job_queue_size"/);
});
