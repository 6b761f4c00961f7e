/**
 * Runs a finished release from a URL as people do: its modules on a web server of this machine, with its
 * lock file. Prints what the program says of itself; ends with 1 when it does not run.
 *
 * `deno run -A scripts/release/try_url.ts DIR`
 */
import { join } from "node:path";
import { serveFolder } from "../publish/serve_folder.ts";
import { PLACEHOLDER_URL, URL_ARCHIVE_FOLDER } from "./url_archive.ts";

const [dir] = Deno.args;
if (dir === undefined || Deno.args.length > 1) {
  throw new Error(`Cannot try a release: expected its folder, found ${Deno.args.length} arguments`);
}

async function run(program: string, args: readonly string[]): Promise<number> {
  return (await new Deno.Command(program, { args: [...args], stdin: "null" }).spawn().status).code;
}

const to = await Deno.makeTempDir();
try {
  Deno.exitCode = await run("tar", ["-xzf", join(dir, "marina-url.tar.gz"), "-C", to]);
  const unpacked = join(to, URL_ARCHIVE_FOLDER);
  await using served = serveFolder(unpacked);
  const lockPath = join(unpacked, "marina.lock");
  const lockText = await Deno.readTextFile(lockPath);
  await Deno.writeTextFile(lockPath, lockText.replaceAll(PLACEHOLDER_URL, `${served.url}/`));
  const flags = ["--quiet", "--no-prompt", `--lock=${lockPath}`, "--frozen"];
  for (const args of [["--version"], ["serve", "--help"]]) {
    Deno.exitCode ||= await run(Deno.execPath(), [
      "run",
      "-A",
      ...flags,
      `${served.url}/main.ts`,
      ...args,
    ]);
  }
} finally {
  await Deno.remove(to, { recursive: true });
}
