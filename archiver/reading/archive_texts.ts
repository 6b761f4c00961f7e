import { ArchiveError } from "../errors.ts";
import { type Manifest, MAX_MANIFEST_BYTES, parseManifest } from "../manifest.ts";

/** What a model's YAML may have; real ones have a few hundred bytes. */
export const MAX_CONFIG_BYTES = 1024 * 1024;

/**
 * @param bytes All of the manifest's, or more than `MAX_MANIFEST_BYTES` of them.
 * @throws {ArchiveError} `manifest_too_large`, `manifest_invalid`.
 */
export function parseManifestBytes(bytes: Uint8Array): Manifest {
  if (bytes.length > MAX_MANIFEST_BYTES) {
    throw new ArchiveError(
      "manifest_too_large",
      `Cannot read the manifest: at most ${MAX_MANIFEST_BYTES} bytes, found more`,
    );
  }
  const text = decodeUtf8(bytes);
  if (text === undefined) {
    throw new ArchiveError("manifest_invalid", "Cannot read the manifest: it is not UTF-8");
  }
  return parseManifest(text);
}

/**
 * @param bytes All of the file's, or more than `MAX_CONFIG_BYTES` of them.
 * @throws {ArchiveError} `config_invalid`.
 */
export function parseConfigText(bytes: Uint8Array, path: string): string {
  if (bytes.length > MAX_CONFIG_BYTES) {
    throw new ArchiveError(
      "config_invalid",
      `Cannot read configFile ${
        JSON.stringify(path)
      }: at most ${MAX_CONFIG_BYTES} bytes, found more`,
    );
  }
  const text = decodeUtf8(bytes);
  if (text === undefined) {
    throw new ArchiveError(
      "config_invalid",
      `Cannot read configFile ${JSON.stringify(path)}: it is not UTF-8`,
    );
  }
  return text;
}

function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
