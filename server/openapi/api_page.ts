import { join } from "node:path";
import { START_SCRIPT, toPageHtml } from "./_page_texts.ts";

export interface PageFile {
  readonly contentType: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** The page that shows a port's document, and lets its reader try it out. */
export interface ApiPage {
  /**
   * The page's HTML.
   *
   * @param root Its way to the folder of `docs`: `"../"` where the address ends with a slash.
   */
  toHtml(root: "" | "../"): string;
  /** A file of the folder `docs/`, `undefined` where there is none of that name. */
  getFile(name: string): PageFile | undefined;
}

/**
 * What the page may do in a browser: load from and talk to the server that it came from, nothing else.
 * Nothing inline runs, and no other page may frame it.
 */
export const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

const SCRIPT = "text/javascript; charset=utf-8";
const STYLE = "text/css; charset=utf-8";

/**
 * Reads the page's files, 1.9 MB that stay in memory as long as the answer: for the first one who asks.
 *
 * They come from the package `swagger-ui-dist`, from wherever the runtime keeps it; nothing is fetched.
 *
 * @param version The server's; its files are asked for by it, so that a browser may keep them.
 */
export async function loadApiPage(version: string): Promise<ApiPage> {
  const folder = await findPackage();
  const [bundle, style] = await Promise.all([
    Deno.readFile(join(folder, "swagger-ui-bundle.js")),
    Deno.readFile(join(folder, "swagger-ui.css")),
  ]);
  const files = new Map<string, PageFile>([
    ["swagger-ui-bundle.js", { contentType: SCRIPT, bytes: bundle }],
    ["swagger-ui.css", { contentType: STYLE, bytes: style }],
    ["start.js", { contentType: SCRIPT, bytes: new TextEncoder().encode(START_SCRIPT) }],
  ]);
  return {
    toHtml: (root) => toPageHtml(root, version),
    getFile: (name) => files.get(name),
  };
}

/** The package tells its own folder; its main module would run the whole page. */
async function findPackage(): Promise<string> {
  const { default: getFolder } = await import("swagger-ui-dist/absolute-path.js") as {
    default: () => string;
  };
  return getFolder();
}
