import { basename } from "node:path";
import { assertNamesPackable } from "./entry_names.ts";
import { listExtraFiles } from "./extra_files.ts";
import { type InputFile, readInputFile } from "./input_file.ts";
import { addOnnxExternalFiles } from "./onnx_external_files.ts";
import { MANIFEST_PATH } from "../manifest.ts";
import type { ModelArchiverConfig } from "../model_archiver_config.ts";

export interface CollectFilesOptions {
  /** The handler's file, found already; absent for a built-in handler. */
  readonly handlerPath?: string;
  /** Real path of the archive that is being written. */
  readonly outputPath: string;
  readonly onWarning: (message: string) => void;
}

/**
 * Lists what goes into the archive beside the manifest, sorted by name.
 *
 * Files are flattened to their names as TorchServe's archiver does. Where two have one name
 * the later wins, in its order: model, serialized file, handler, extra files, requirements,
 * configuration.
 *
 * @throws {ArchiveError} `input_not_found`, `input_invalid`, or one of the ONNX codes.
 */
export async function collectFiles(
  config: ModelArchiverConfig,
  options: CollectFilesOptions,
): Promise<InputFile[]> {
  const files = new Map<string, InputFile>();
  const add = (file: InputFile) => {
    if (file.name.toLowerCase() === MANIFEST_PATH.toLowerCase()) {
      options.onWarning(`Leaving out "${file.path}": the archive gets a manifest of its own`);
      return;
    }
    const replaced = files.get(file.name);
    if (replaced && replaced.path !== file.path) {
      options.onWarning(`"${file.path}" takes the place of "${replaced.path}" in the archive`);
    }
    files.set(file.name, file);
  };
  const addNamed = async (kind: string, path: string | undefined) => {
    if (path) add(await readInputFile(kind, path, basename(path)));
  };

  await addNamed("model file", config.modelFile);
  await addNamed("serialized file", config.serializedFile);
  await addNamed("handler", options.handlerPath);
  for (const file of await listExtraFiles(config.extraFiles ?? "", options)) add(file);
  await addNamed("requirements file", config.requirementsFile);
  await addNamed("config file", config.configFile);
  await addOnnxExternalFiles(files);

  return sortFiles([...files.values()]);
}

/**
 * Sorts files by name, and proves that an archive may hold them.
 *
 * @throws {ArchiveError} `too_many_entries`, `entry_name_invalid` or `entry_duplicate`.
 */
export function sortFiles(files: readonly InputFile[]): InputFile[] {
  const sorted = [...files].sort((a, b) => a.name < b.name ? -1 : 1);
  assertNamesPackable(sorted);
  return sorted;
}
