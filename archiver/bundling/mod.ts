/** From a handler's files to one JavaScript module; see {@linkcode bundleHandler}. */

export { type BundledHandler, bundleHandler, SOURCE_FOLDER } from "./bundle_handler.ts";
export { checkHandler } from "./check_handler.ts";
// For the script that makes one program of all modules.
export { loadEsbuild } from "./_esbuild.ts";
export { createPackingResolver } from "./_resolver.ts";
export { FILE_SPACE, SourceModules } from "./source_modules.ts";
