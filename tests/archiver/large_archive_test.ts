import { ok, strictEqual } from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { hasPython, runPython } from "../support/python.ts";
import { TempFolder } from "../support/temp_folder.ts";

const CONFIG = fileURLToPath(new URL("../../deno.json", import.meta.url));
const DOOR = new URL("../../archiver/mod.ts", import.meta.url).href;
const WEIGHTS_BYTES = 5 * 1024 ** 3;
const MAX_RSS_KB = 300 * 1024;
const NEEDED_FREE_KB = 12 * 1024 ** 2;

/** The archive takes 5 GB on disk; the weights are sparse. */
async function hasRoom(): Promise<boolean> {
  if (Deno.build.os !== "linux") return false;
  const args = ["--output=avail", Deno.env.get("TMPDIR") ?? "/tmp"];
  const { stdout } = await new Deno.Command("df", { args }).output();
  return Number(new TextDecoder().decode(stdout).split("\n")[1]) >= NEEDED_FREE_KB;
}

const canRun = await hasRoom();

/** Packs in a process of its own, whose memory is its own; it prints its peak. */
const SCRIPT = `import { generateModelArchive } from "${DOOR}";
await generateModelArchive(JSON.parse(Deno.args[0]));
console.log(/VmHWM:\\s+(\\d+)/.exec(await Deno.readTextFile("/proc/self/status"))[1]);`;

Deno.test({
  name: "generateModelArchive() packs 5 GB in under 300 MB of memory (needs Linux, 12 GB of disk)",
  ignore: !canRun,
  fn: async () => {
    await using folder = await TempFolder.create();
    await folder.write("weights.bin", "head");
    await Deno.truncate(folder.at("weights.bin"), WEIGHTS_BYTES);
    await folder.write("zz.txt", "behind the weights");
    await folder.write("pack.ts", SCRIPT);
    const model = {
      ...{ modelName: "big", handler: "base_handler", version: "1", exportPath: folder.path },
      ...{ archiveFormat: "zip-store", serializedFile: folder.at("weights.bin") },
      extraFiles: folder.at("zz.txt"),
    };
    const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--config", CONFIG, folder.at("pack.ts"), JSON.stringify(model)],
      env: { NO_COLOR: "1" },
    }).output();
    const peakKb = Number(new TextDecoder().decode(stdout));
    ok(peakKb > 0 && peakKb < MAX_RSS_KB, `${peakKb} kB, ${new TextDecoder().decode(stderr)}`);
    if (!hasPython) return;
    const script = `import sys, json, zipfile
z = zipfile.ZipFile(sys.argv[1])
print(json.dumps([z.getinfo("weights.bin").file_size, z.read("zz.txt").decode(), z.infolist()[-1].filename]))`;
    const found = await runPython(script, [folder.at("big.mar")]);
    strictEqual(
      JSON.stringify(found),
      JSON.stringify([WEIGHTS_BYTES, "behind the weights", "MAR-INF/MANIFEST.json"]),
    );
  },
});
