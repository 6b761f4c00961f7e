import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { runMarina, startMarina } from "../support/marina_process.ts";

const REPOSITORY = new URL("../../", import.meta.url);

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  ts: "application/typescript",
  json: "application/json",
};

/** The checkout's modules over loopback HTTP; everything else is not found. */
function serveSources(): Deno.HttpServer<Deno.NetAddr> {
  return Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    const { pathname } = new URL(request.url);
    const contentType = CONTENT_TYPES[pathname.split(".").at(-1)!];
    if (contentType === undefined) return new Response(null, { status: 404 });
    try {
      const bytes = await Deno.readFile(new URL(`.${pathname}`, REPOSITORY));
      return new Response(bytes, { headers: { "content-type": contentType } });
    } catch {
      return new Response(null, { status: 404 });
    }
  });
}

/** Each run has its own port: what was cached of it is of no use to another. */
async function removeCachedModules(port: number): Promise<void> {
  const info = await new Deno.Command(Deno.execPath(), { args: ["info", "--json"] }).output();
  const { denoDir } = JSON.parse(new TextDecoder().decode(info.stdout));
  for (const folder of ["remote", "gen"]) {
    await Deno.remove(`${denoDir}/${folder}/http/127.0.0.1_PORT${port}`, { recursive: true })
      .catch(() => {});
  }
}

Deno.test("archive and serve run from a URL, in an empty folder, and the handler's marina import resolves", async () => {
  await using sources = serveSources();
  const { port } = sources.addr;
  const url = `http://127.0.0.1:${port}`;
  const dir = await Deno.makeTempDir();
  const cwd = `${dir}/empty`;
  await Deno.mkdir(cwd);
  const command = [
    ...[Deno.execPath(), "run", "-A", "--no-prompt", `--reload=${url}`],
    ...["--unstable-worker-options", "--unstable-no-legacy-abort"],
    ...[`--import-map=${url}/deno.json`, `${url}/main.ts`],
  ];
  const example = (name: string) => new URL(`examples/mnist/${name}`, REPOSITORY).pathname;

  const args = ["archive", "--model-name", "mnist", "--version", "1.0", "--export-path", dir];
  args.push("--serialized-file", example("mnist.onnx"), "--handler", example("handler.ts"));
  const { code, stderr } = await runMarina(args, { cwd, command });
  strictEqual(code, 0, stderr);
  {
    await using marina = await startMarina({
      args: ["--model-store", dir, "--models", "mnist=mnist.mar"],
      config: { default_workers_per_model: 1 },
      cwd,
      command,
    });
    const body = await Deno.readFile(example("digits/7.png"));
    const response = await fetch(`${marina.inferenceUrl}/predictions/mnist`, {
      method: "POST",
      body,
    });
    deepStrictEqual([response.status, (await response.json()).digit], [200, 7]);
    strictEqual(await marina.stop(), 0);
    deepStrictEqual(marina.stderrLines.filter((line) => line.includes('"level":"error"')), []);
  }
  deepStrictEqual(await Array.fromAsync(Deno.readDir(cwd)), []);
  await removeCachedModules(port);
  await Deno.remove(dir, { recursive: true });
});
