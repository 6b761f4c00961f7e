/**
 * Makes the form of Marina that runs from a URL: `deno task publish`.
 *
 * The folder can be served by any web server that gives `.ts` files a type of JavaScript or TypeScript.
 */
import { fileURLToPath } from "node:url";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { createLockText } from "./lock_text.ts";
import { publishSources } from "./publish_sources.ts";

const SOURCE_DIR = fileURLToPath(new URL("../../", import.meta.url));

const USAGE = `Usage: deno task publish [-- options]

  --output-dir D  Where the modules go, dist/url unless given; an earlier form is removed
  --base-url URL  Where they will be served from: adds marina.lock, for
                  deno run --lock=marina.lock --frozen URL/main.ts
  --help          This text
`;

const { values } = parseArgs({
  args: Deno.args.filter((arg) => arg !== "--"),
  options: {
    "output-dir": { type: "string", default: join(SOURCE_DIR, "dist", "url") },
    "base-url": { type: "string" },
    help: { type: "boolean", default: false },
  },
});

function write(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(text));
}

if (values.help) {
  write(USAGE);
} else {
  const outputDir = values["output-dir"];
  const paths = await publishSources({ sourceDir: SOURCE_DIR, outputDir });
  write(`${outputDir}: ${paths.length} files\n`);
  const baseUrl = values["base-url"];
  if (baseUrl !== undefined) {
    const lockPath = join(outputDir, "marina.lock");
    const sourceLock = await Deno.readTextFile(join(SOURCE_DIR, "deno.lock"));
    await Deno.writeTextFile(
      lockPath,
      await createLockText({ dir: outputDir, paths, baseUrl, sourceLock }),
    );
    write(`${lockPath}: for ${baseUrl}\n`);
  }
}
