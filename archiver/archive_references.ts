import { dirname, join } from "node:path/posix";
import { findPathFault } from "./entry_path.ts";
import { ArchiveError } from "./errors.ts";
import type { Manifest } from "./manifest.ts";

/** Marks an initializer that lies in memory: onnxruntime takes its offset as an address. */
const MEMORY_LOCATION_REGEXP = /_ORT_MEM_ADDR_/;
/** What follows the file of a handler: a class's or function's name. */
const HANDLER_ENTRY_REGEXP = /^[\p{ID_Start}_$][\p{ID_Continue}$]*$/u;

/**
 * Proves that every path in a manifest stays in its archive, and that what it needs is there.
 *
 * `handler` may be a built-in's name and `requirementsFile` belongs to Python, so
 * these two need not be there.
 *
 * @param paths Of all files, below the model's root.
 * @throws {ArchiveError} `manifest_path_outside`, `manifest_file_missing`.
 */
export function assertManifestPaths(
  manifest: Manifest,
  paths: ReadonlySet<string>,
  archivePath: string,
): void {
  const { handler, serializedFile, modelFile, configFile, requirementsFile } = manifest.model;
  const { handlerSource } = manifest.model;
  const fields = { serializedFile, modelFile, configFile, requirementsFile, handlerSource };
  for (const [field, path] of Object.entries(fields)) {
    // TorchServe takes an empty field for an absent one.
    if (path === undefined || path === "") continue;
    assertInside(field, path, path, archivePath);
    if (field !== "requirementsFile" && !paths.has(path)) {
      throw new ArchiveError(
        "manifest_file_missing",
        `Cannot open "${archivePath}": its manifest's ${field} ${JSON.stringify(path)} ` +
          "is not in the archive",
      );
    }
  }
  if (handler !== undefined && handler !== "") {
    const colon = handler.lastIndexOf(":");
    const entry = colon < 0 ? undefined : handler.slice(colon + 1);
    // An entry that is no name ("https://host/x.ts") makes the whole text the path.
    const isEntry = entry !== undefined && HANDLER_ENTRY_REGEXP.test(entry);
    assertInside("handler", handler, isEntry ? handler.slice(0, colon) : handler, archivePath);
  }
}

function assertInside(field: string, shown: string, path: string, archivePath: string): void {
  const fault = findPathFault(path);
  if (!fault) return;
  throw new ArchiveError(
    "manifest_path_outside",
    `Cannot open "${archivePath}": its manifest's ${field} ${JSON.stringify(shown)} ` +
      `is not a path inside the archive: ${fault.reason}`,
  );
}

/**
 * Proves that the files which an ONNX model reads its weights from lie in its archive.
 *
 * @param modelPath Of the ONNX file, below the model's root.
 * @param locations As the model gives them, relative to its own folder.
 * @throws {ArchiveError} `onnx_external_data_outside`, `onnx_external_data_missing`.
 */
export function assertExternalFiles(
  modelPath: string,
  locations: readonly string[],
  paths: ReadonlySet<string>,
  archivePath: string,
): void {
  const what = `Cannot open "${archivePath}": ${JSON.stringify(modelPath)} refers to external data`;
  for (const location of locations) {
    const plain = location.replace(/^\.\//, "");
    const fault = findPathFault(plain);
    if (fault || MEMORY_LOCATION_REGEXP.test(location)) {
      throw new ArchiveError(
        "onnx_external_data_outside",
        `${what} ${JSON.stringify(location)}, which is not a path inside the archive: ` +
          (fault?.reason ?? "it is an address in memory"),
      );
    }
    if (!paths.has(join(dirname(modelPath), plain))) {
      throw new ArchiveError(
        "onnx_external_data_missing",
        `${what} ${JSON.stringify(location)}, which is not in the archive; ` +
          "add it with --extra-files",
      );
    }
  }
}

/** Whether a file is read as an ONNX model: by its name, as onnxruntime does. */
export function isOnnxPath(path: string): boolean {
  return path.toLowerCase().endsWith(".onnx");
}
