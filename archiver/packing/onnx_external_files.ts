import { dirname, join } from "node:path";
import { dirname as posixDirname, join as posixJoin } from "node:path/posix";
import { isOnnxPath } from "../archive_references.ts";
import { findPathFault } from "../entry_path.ts";
import { type InputFile, readInputFile } from "./input_file.ts";
import { readOnnxModel } from "../onnx/mod.ts";
import { ArchiveError } from "../errors.ts";

/**
 * Adds the files that the ONNX models among `files` read their weights from: without them
 * no server could load the models. A file that was given under the name already is kept.
 *
 * @throws {ArchiveError} `onnx_invalid`, `onnx_external_data_outside`,
 * `onnx_external_data_missing`, or `input_invalid` if two models mean two files by one name.
 */
export async function addOnnxExternalFiles(files: Map<string, InputFile>): Promise<void> {
  const added = new Set<string>();
  for (const model of [...files.values()].filter(({ name }) => isOnnxPath(name))) {
    for (const location of (await readOnnxModel(model.path)).externalFiles) {
      const plain = location.replace(/^\.\//, "");
      const fault = findPathFault(plain);
      if (fault) throw outsideError(model, location, fault.reason);
      const name = posixJoin(posixDirname(model.name), plain);
      const path = join(dirname(model.path), plain);
      const known = files.get(name);
      if (known && added.has(name) && known.path !== path) throw clashError(known, path);
      if (known) continue;
      files.set(name, await readExternalFile(model, location, path, name));
      added.add(name);
    }
  }
}

async function readExternalFile(
  model: InputFile,
  location: string,
  path: string,
  name: string,
): Promise<InputFile> {
  try {
    return await readInputFile("external data", path, name);
  } catch (error) {
    if (!(error instanceof ArchiveError) || error.code !== "input_not_found") throw error;
    throw new ArchiveError(
      "onnx_external_data_missing",
      `Cannot pack "${model.path}": it reads weights from "${location}", ` +
        `and "${path}" does not exist`,
      { cause: error },
    );
  }
}

function outsideError(model: InputFile, location: string, reason: string): ArchiveError {
  return new ArchiveError(
    "onnx_external_data_outside",
    `Cannot pack "${model.path}": it reads weights from ${JSON.stringify(location)}, ` +
      `which is not a path inside the archive: ${reason}`,
  );
}

function clashError(known: InputFile, path: string): ArchiveError {
  return new ArchiveError(
    "input_invalid",
    `Cannot pack external data "${path}": another model's "${known.path}" has the same name`,
  );
}
