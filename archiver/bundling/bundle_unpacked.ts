import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { bundleModule, toModuleText } from "./bundle_module.ts";
import { createFolderResolver } from "./_resolver.ts";

/**
 * Makes one JavaScript module of a handler that an archive holds as it was written, for runtimes that take
 * no TypeScript from disk (a compiled executable) or do not know `marina` (a program started from a URL).
 *
 * Nothing is written. Stack traces and `import.meta.url` name the archive's own files. Costs about a second and
 * 200 MB of memory the first time in a thread, which a handler that `marina archive` bundled does not.
 *
 * @param modelDir Absolute, proved by `openArchive()`.
 * @param file Below it.
 * @returns The module's text, to be imported as a `data:` URL.
 * @throws {BundleError} `handler_invalid`, `handler_import_unresolved`, `handler_import_native`: with file and
 * line, without `modelDir`.
 */
export async function bundleUnpacked(modelDir: string, file: string): Promise<string> {
  const bundle = await bundleModule({
    path: join(modelDir, file),
    shownPath: file,
    resolver: createFolderResolver(modelDir),
    toSourceName: (path) => pathToFileURL(path).href,
    keepsUrls: true,
    mayMissDynamicImports: true,
  });
  return toModuleText(bundle);
}
