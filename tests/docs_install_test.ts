/** What docs/install.md shows of services and containers, as far as it can be run without either. */
import { ok, strictEqual } from "node:assert/strict";
import { join } from "node:path";
import { parseDocBlocks } from "./support/doc_blocks.ts";
import { runMarina } from "./support/marina_process.ts";
import { TempFolder } from "./support/temp_folder.ts";

const BLOCKS = parseDocBlocks(
  Deno.readTextFileSync(new URL("../docs/install.md", import.meta.url)),
);
const CONFIG_PATH = "/etc/marina/config.properties";

function readFileBlock(name: string): string {
  const block = BLOCKS.find(({ file }) => file === name);
  ok(block !== undefined, `docs/install.md must show ${name}`);
  return block.text;
}

const unit = readFileBlock("marina.service");
const [, unitCommand = ""] = /^ExecStart=\/usr\/local\/bin\/(.+)$/m.exec(unit) ?? [];
const [, entryPoint = "[]"] = /^ENTRYPOINT (.+)$/m.exec(readFileBlock("Containerfile")) ?? [];

for (
  const { file, config, words } of [
    { file: "marina.service", config: "config.properties", words: unitCommand.split(" ") },
    {
      file: "Containerfile",
      config: "container.properties",
      words: JSON.parse(entryPoint) as string[],
    },
  ]
) {
  Deno.test(`docs/install.md: the command of ${file} serves with ${config}`, async () => {
    await using folder = await TempFolder.create();
    await Deno.mkdir(folder.at("model-store"));
    const path = await folder.write(
      "config.properties",
      readFileBlock(config).replace("=/models", "=model-store"),
    );
    const [program, ...args] = words;
    strictEqual(program, "marina");
    ok(args.includes(CONFIG_PATH), args.join(" "));
    const { code, stdout, stderr } = await runMarina(
      [...args.map((arg) => arg === CONFIG_PATH ? path : arg), "--dry-run"],
      { cwd: folder.path },
    );
    strictEqual(code, 0, stdout + stderr);
  });
}

const hasSystemd = await new Deno.Command("systemd-analyze", { args: ["--version"] }).output()
  .then(({ success }) => success, () => false);

Deno.test({
  name: `docs/install.md: systemd takes marina.service${
    hasSystemd ? "" : " (skipped: systemd-analyze is not installed)"
  }`,
  ignore: !hasSystemd,
  async fn() {
    await using folder = await TempFolder.create();
    const path = join(folder.path, "marina.service");
    await Deno.writeTextFile(path, unit.replace(/^ExecStart=\S+/m, "ExecStart=/bin/true"));
    const { stdout, stderr } = await new Deno.Command("systemd-analyze", {
      args: ["verify", path],
    }).output();
    strictEqual(new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr), "");
  },
});
