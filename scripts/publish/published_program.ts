/** The published form, as somebody meets it who has never run it: on a web server, with no module of it cached. */
import { dirname, join } from "node:path";
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

/** The sources' published form in a folder: it takes seconds to make, and may be opened more than once. */
export interface PublishedFolder {
  readonly dir: string;
  /** Relative to `dir`. */
  readonly paths: readonly string[];
}

export interface OpenPublishedProgramOptions {
  /** Is copied, not changed; the sources are published anew unless given. */
  readonly published?: PublishedFolder;
}

/** Publishes the sources into a folder of temporary files and serves them. */
export async function openPublishedProgram(
  { published }: OpenPublishedProgramOptions = {},
): Promise<PublishedProgram> {
  const root = await Deno.makeTempDir({ prefix: "marina-url-" });
  const [dir, denoDir, lockPath] = ["url", "cache", "marina.lock"].map((name) => join(root, name));
  const { paths } = published === undefined
    ? await publishFolder(dir!)
    : await copyFolder(published, dir!);
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

/** Publishes the sources into a folder, which is emptied first. */
export async function publishFolder(dir: string): Promise<PublishedFolder> {
  return { dir, paths: await publishSources({ sourceDir: SOURCE_DIR, outputDir: dir }) };
}

async function copyFolder({ dir, paths }: PublishedFolder, to: string): Promise<PublishedFolder> {
  for (const path of paths) {
    await Deno.mkdir(dirname(join(to, path)), { recursive: true });
    await Deno.copyFile(join(dir, path), join(to, path));
  }
  return { dir: to, paths };
}

/** The folder of npm's packages in the runtime's cache. */
export async function readNpmCache(): Promise<string> {
  const info = await new Deno.Command(Deno.execPath(), { args: ["info", "--json"] }).output();
  return JSON.parse(new TextDecoder().decode(info.stdout)).npmCache;
}
