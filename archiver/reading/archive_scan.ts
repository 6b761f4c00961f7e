import { createHash } from "node:crypto";
import type { FoundFile } from "./archive_digests.ts";
import { assertExternalFiles, assertManifestPaths, isOnnxPath } from "../archive_references.ts";
import type { ArchiveSource, ReadLimits } from "./archive_source.ts";
import { MAX_CONFIG_BYTES, parseConfigText, parseManifestBytes } from "./archive_texts.ts";
import { checkedEntries, type CheckedEntry } from "./checked_entries.ts";
import { hashedChunks } from "./hashed_chunks.ts";
import { resolveTarRoot } from "./model_root.ts";
import { type OnnxSummary, readOnnxChunks } from "../onnx/mod.ts";
import { ArchiveError } from "../errors.ts";
import { DEFAULT_MANIFEST, type Manifest, MANIFEST_PATH, MAX_MANIFEST_BYTES } from "../manifest.ts";

/** One file of an archive, read once from its first byte to its last. */
export interface ScannedFile extends FoundFile {
  /** As the archive has it; a tar's paths lose their first component. */
  readonly entryPath: string;
  /** Of a readable `.onnx` file. */
  readonly onnx?: OnnxSummary;
  /** Why an `.onnx` file is not readable. */
  readonly onnxError?: ArchiveError;
}

/** What an archive holds, found out without writing anything. */
export interface ScannedArchive {
  /** The defaults where there is none. */
  readonly manifest: Manifest;
  /** Sorted by path, which is below the model's root. */
  readonly files: readonly ScannedFile[];
}

/**
 * Reads an archive through, as safely as unpacking it would, and keeps what inspection needs.
 *
 * @throws {ArchiveError} For all that makes an archive unsound, except what only its manifest and
 * its models refer to; that is for {@linkcode assertReferences}.
 */
export async function scanArchive(
  source: ArchiveSource,
  limits: ReadLimits,
): Promise<ScannedArchive> {
  const files: Omit<ScannedFile, "path">[] = [];
  const manifestByEntry = new Map<string, Uint8Array>();
  for await (const entry of checkedEntries(source, limits)) {
    if (entry.type === "folder") continue;
    const hash = createHash("sha256");
    const chunks = hashedChunks(entry.chunks(), hash);
    let onnx: Pick<ScannedFile, "onnx" | "onnxError"> = {};
    // More than one at the root and one below it are never needed, and end as duplicates.
    if (isManifestPath(entry.path) && manifestByEntry.size < 2) {
      manifestByEntry.set(entry.path, await readHead(chunks, MAX_MANIFEST_BYTES));
    } else if (isOnnxPath(entry.path)) {
      onnx = await readOnnxEntry(chunks, entry);
    } else {
      for await (const _ of chunks);
    }
    files.push({ entryPath: entry.path, size: entry.size, sha256: hash.digest("hex"), ...onnx });
  }
  const pathByEntry = resolvePaths(source, files.map((file) => file.entryPath));
  const placed = files.map((file) => ({ ...file, path: pathByEntry.get(file.entryPath)! }));
  const manifestEntry = placed.find((file) => file.path === MANIFEST_PATH)?.entryPath;
  const bytes = manifestEntry === undefined ? undefined : manifestByEntry.get(manifestEntry);
  return {
    manifest: bytes ? parseManifestBytes(bytes) : DEFAULT_MANIFEST,
    files: placed.sort((a, b) => a.path < b.path ? -1 : 1),
  };
}

/**
 * Proves what the manifest and the models of a scanned archive refer to.
 *
 * @throws {ArchiveError} As opening it would.
 */
export function assertReferences(scanned: ScannedArchive, archivePath: string): void {
  const paths = new Set(scanned.files.map((file) => file.path));
  assertManifestPaths(scanned.manifest, paths, archivePath);
  for (const { path, onnx, onnxError } of scanned.files) {
    if (onnxError) throw onnxError;
    if (onnx) assertExternalFiles(path, onnx.externalFiles, paths, archivePath);
  }
}

/**
 * Reads the text of the manifest's `configFile`, which may come before the manifest: hence a
 * second walk, in which a zip jumps over all other entries.
 */
export async function readArchiveConfig(
  source: ArchiveSource,
  scanned: ScannedArchive,
  limits: ReadLimits,
): Promise<string | undefined> {
  const { configFile } = scanned.manifest.model;
  const entryPath = scanned.files.find((file) => file.path === configFile)?.entryPath;
  if (!configFile || entryPath === undefined) return undefined;
  for await (const entry of checkedEntries(source, limits)) {
    if (entry.path !== entryPath) continue;
    return parseConfigText(await readHead(entry.chunks(), MAX_CONFIG_BYTES), configFile);
  }
  return undefined;
}

function resolvePaths(
  source: ArchiveSource,
  paths: readonly string[],
): ReadonlyMap<string, string> {
  return source.kind === "tgz"
    ? resolveTarRoot(paths, source.path).pathByEntry
    : new Map(paths.map((path) => [path, path]));
}

/** At the root, or one level below it in a tar. */
function isManifestPath(path: string): boolean {
  return path === MANIFEST_PATH || path.slice(path.indexOf("/") + 1) === MANIFEST_PATH;
}

async function readOnnxEntry(
  chunks: AsyncIterable<Uint8Array>,
  entry: CheckedEntry,
): Promise<Pick<ScannedFile, "onnx" | "onnxError">> {
  try {
    return { onnx: await readOnnxChunks(chunks, entry.path) };
  } catch (error) {
    if (error instanceof ArchiveError && error.code === "onnx_invalid") return { onnxError: error };
    throw error;
  }
}

/** The first `maxBytes + 1` bytes; reads on to the end, so that all is proved. */
async function readHead(chunks: AsyncIterable<Uint8Array>, maxBytes: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    if (size > maxBytes) continue;
    parts.push(chunk);
    size += chunk.length;
  }
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes.subarray(0, maxBytes + 1);
}
