/** The published form, as somebody meets it who has never run it: on a web server, with no module of it cached. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createLockText } from "./lock_text.ts";
import { publishSources } from "./publish_sources.ts";
import { serveFolder } from "./serve_folder.ts";

const SOURCE_DIR = fileURLToPath(new URL("../../", import.meta.url));

/** A program at an address, until it is disposed of. */
export interface PublishedProgram extends AsyncDisposable {
  /** `http://127.0.0.1:PORT`, no slash at the end. */
  readonly url: string;
  /** The folder that is served: whoever changes a file there changes the program. */
  readonly dir: string;
  /** The runtime's cache: its packages are this machine's, its modules are this program's alone. */
  readonly denoDir: string;
  /** The lock file that is published with it. */
  readonly lockPath: string;
  /** Takes the address away; what was fetched stays in the cache. */
  stopServing(): Promise<void>;
}

/** Publishes the sources into a folder of temporary files and serves them. */
export async function openPublishedProgram(): Promise<PublishedProgram> {
  const root = await Deno.makeTempDir({ prefix: "marina-url-" });
  const [dir, denoDir, lockPath] = ["url", "cache", "marina.lock"].map((name) => join(root, name));
  const paths = await publishSources({ sourceDir: SOURCE_DIR, outputDir: dir! });
  await Deno.mkdir(denoDir!);
  await Deno.symlink(await readNpmCache(), join(denoDir!, "npm"), { type: "dir" });
  const served = serveFolder(dir!);
  let stopping: Promise<void> | undefined;
  const stopServing = () => stopping ??= Promise.resolve(served[Symbol.asyncDispose]());
  const sourceLock = await Deno.readTextFile(join(SOURCE_DIR, "deno.lock"));
  await Deno.writeTextFile(
    lockPath!,
    await createLockText({ dir: dir!, paths, baseUrl: served.url, sourceLock }),
  );
  return {
    url: served.url,
    dir: dir!,
    denoDir: denoDir!,
    lockPath: lockPath!,
    stopServing,
    async [Symbol.asyncDispose]() {
      await stopServing();
      await Deno.remove(root, { recursive: true });
    },
  };
}

async function readNpmCache(): Promise<string> {
  const info = await new Deno.Command(Deno.execPath(), { args: ["info", "--json"] }).output();
  return JSON.parse(new TextDecoder().decode(info.stdout)).npmCache;
}
