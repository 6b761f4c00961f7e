import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { packTar } from "modern-tar";

/** The folder that the archive unpacks to. */
export const URL_ARCHIVE_FOLDER = "marina-url";

/** What the archive's lock file says until whoever serves it writes their own address in. */
export const PLACEHOLDER_URL = "https://example.com/marina/";

const LEVEL = 9;

/** The page of whoever unpacks the archive. */
const HOSTING = `# Serving Marina from an address of your own

Everything beside this file is Marina as modules that resolve by themselves. Any web server for files
will do, best behind HTTPS: copy the folder there, nothing has to be run. Give \`.ts\` files the type
\`application/typescript\`. \`text/plain\`, \`application/octet-stream\` and \`video/mp2t\`, which is nginx's,
work as well; \`text/vnd.trolltech.linguist\`, which Debian's list of types says, does not.

People then run

    deno run -A ${PLACEHOLDER_URL}main.ts serve --model-store model-store

Each version wants an address of its own, such as \`…/marina/1.2.3/\`: the runtime keeps what it has
fetched, and a changed module under an old address reaches nobody who has the old one.

\`marina.lock\` pins each module and each npm package, also those that only packages ask for. Write your
address into it, with the slash at the end, and give it to those who want to be sure:

    sed -i 's|${PLACEHOLDER_URL}|https://models.example.org/marina/1.2.3/|' marina.lock
    deno run -A --lock=marina.lock --frozen https://models.example.org/marina/1.2.3/main.ts --version
`;

export interface UrlArchiveOptions {
  /** The folder of the published form. */
  readonly dir: string;
  /** Its files, relative to `dir`. */
  readonly paths: readonly string[];
  /** For {@linkcode PLACEHOLDER_URL}. */
  readonly lockText: string;
  /** The time of each file in it. */
  readonly createdAtMs: number;
}

/**
 * The published form as one `.tar.gz`, with a lock file and a page on how to serve it. The same files and
 * the same time make the same bytes.
 */
export async function createUrlArchive(options: UrlArchiveOptions): Promise<Uint8Array> {
  const { dir, paths, lockText, createdAtMs } = options;
  const texts = new Map<string, string | Uint8Array>([
    ["HOSTING.md", HOSTING],
    ["marina.lock", lockText],
  ]);
  for (const path of paths) texts.set(path, await Deno.readFile(join(dir, path)));
  const entries = [...texts].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([path, text]) => {
    const body = typeof text === "string" ? new TextEncoder().encode(text) : text;
    return {
      header: {
        name: `${URL_ARCHIVE_FOLDER}/${path}`,
        size: body.length,
        mtime: new Date(createdAtMs),
        mode: 0o644,
        type: "file" as const,
        uid: 0,
        gid: 0,
        uname: "",
        gname: "",
      },
      body,
    };
  });
  return gzipSync(await packTar(entries), { level: LEVEL });
}
