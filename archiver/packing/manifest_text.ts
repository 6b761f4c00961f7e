import type { Manifest } from "../manifest.ts";

/**
 * Writes a manifest as Python's `json.dumps(manifest, indent=2)` does: keys in the order of
 * TorchServe's archiver, ASCII only, no line feed at the end; `model.handlerSource` and `files` are added as
 * last keys.
 */
export function toManifestText(manifest: Manifest): string {
  const { createdOn, runtime, model, archiverVersion, files } = manifest;
  const text = JSON.stringify(
    {
      createdOn,
      runtime,
      model: {
        modelName: model.modelName,
        serializedFile: model.serializedFile,
        handler: model.handler,
        modelFile: model.modelFile,
        modelVersion: model.modelVersion,
        requirementsFile: model.requirementsFile,
        configFile: model.configFile,
        handlerSource: model.handlerSource,
      },
      archiverVersion,
    },
    null,
    2,
  );
  return toAscii(files === undefined ? text : `${text.slice(0, -2)},\n${toFilesText(files)}\n}`);
}

/** By hand: an object would move a file called "7" to the front and lose one called "__proto__". */
function toFilesText(files: NonNullable<Manifest["files"]>): string {
  if (files.size === 0) return '  "files": {}';
  const rows = [...files].map(([name, { size, sha256 }]) =>
    `    ${JSON.stringify(name)}: {\n      "size": ${size},\n      "sha256": "${sha256}"\n    }`
  );
  return `  "files": {\n${rows.join(",\n")}\n  }`;
}

function toAscii(text: string): string {
  return text.replace(
    /[\u007f-\uffff]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
