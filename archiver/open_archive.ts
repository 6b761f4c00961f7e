import { createHash } from "node:crypto";
import { join } from "node:path";
import {
  type ArchiveSource,
  checkedEntries,
  compareDigests,
  DEFAULT_LIMITS,
  type FoundFile,
  hashedChunks,
  MAX_CONFIG_BYTES,
  openSource,
  parseConfigText,
  parseManifestBytes,
  type ReadLimits,
  resolveTarRoot,
  UnpackFolder,
} from "./reading/mod.ts";
import { assertExternalFiles, assertManifestPaths, isOnnxPath } from "./archive_references.ts";
import { readOnnxModel } from "./onnx/mod.ts";
import { ArchiveError } from "./errors.ts";
import { DEFAULT_MANIFEST, type Manifest, MANIFEST_PATH, MAX_MANIFEST_BYTES } from "./manifest.ts";

/** How to open an archive, and how much to accept. */
export interface OpenArchiveOptions {
  /**
   * A folder that does not exist yet; it is made and filled here, with the folders above it. Folder
   * archives do not use it: they are served where they lie.
   */
  readonly destination: string;
  /** Total size of the unpacked files, in bytes: 64 GiB unless given. */
  readonly maxUnpackedBytes?: number;
  /** Files and folders in the archive: 10,000 unless given. */
  readonly maxEntries?: number;
  /** Aborting stops at once and leaves nothing on disk. */
  readonly signal?: AbortSignal;
}

/** An archive that was proved sound and lies unpacked; disposing of it is `remove()`. */
export interface OpenedArchive extends AsyncDisposable {
  readonly kind: "zip" | "tgz" | "folder";
  /** TorchServe's defaults (runtime `python`, an empty model) where there is none. */
  readonly manifest: Manifest;
  /** Absolute real path of the model's root. */
  readonly modelDir: string;
  /** The text of the manifest's `configFile`, when it names one. */
  readonly configText?: string;
  /** Deletes what was unpacked; of a folder archive nothing. May be called again. */
  remove(): Promise<void>;
}

/**
 * Unpacks an archive for the server, or proves a folder that is one, whoever made it.
 *
 * The format is told by content: a zip (`.mar`), a gzipped tar, or a folder. Nothing in it is
 * believed: names, types, sizes, checksums, the manifest's paths and `files` table, and
 * what the ONNX models refer to are checked while and after unpacking; SECURITY.md lists the rules.
 * After any failure or abort the destination is gone again.
 *
 * The files of a folder archive are not compared with the manifest's digests; use
 * {@linkcode verifyArchive} for that.
 *
 * Memory stays below 20 MB beyond the runtime's, whatever the size.
 *
 * @param path Of the archive; a link to it is followed.
 * @throws {ArchiveError} If there is no such archive or anything about it is not sound.
 * @throws The signal's reason if aborted.
 */
export async function openArchive(
  path: string,
  options: OpenArchiveOptions,
): Promise<OpenedArchive> {
  const limits: ReadLimits = {
    maxUnpackedBytes: options.maxUnpackedBytes ?? DEFAULT_LIMITS.maxUnpackedBytes,
    maxEntries: options.maxEntries ?? DEFAULT_LIMITS.maxEntries,
    ...(options.signal ? { signal: options.signal } : {}),
  };
  limits.signal?.throwIfAborted();
  await using source = await openSource(path, limits.maxEntries);
  if (source.folder !== undefined) return await openFolder(source, source.folder, limits);
  return await unpack(source, options.destination, limits);
}

async function openFolder(
  source: ArchiveSource,
  modelDir: string,
  limits: ReadLimits,
): Promise<OpenedArchive> {
  const paths = new Set<string>();
  for await (const entry of checkedEntries(source, limits)) {
    if (entry.type === "file") paths.add(entry.path);
  }
  const content = await readContent(source.path, modelDir, paths, limits.signal);
  return toOpenedArchive(source.kind, modelDir, content, () => Promise.resolve());
}

async function unpack(
  source: ArchiveSource,
  destination: string,
  limits: ReadLimits,
): Promise<OpenedArchive> {
  const folder = await UnpackFolder.create(destination);
  try {
    const { modelDir, files } = source.kind === "tgz"
      ? await unpackTar(source, folder, limits)
      : { modelDir: folder.path, files: await unpackFiles(source, folder, "", limits) };
    const paths = new Set(files.map((file) => file.path));
    const content = await readContent(source.path, modelDir, paths, limits.signal);
    assertDigests(content.manifest, files, source.path);
    return toOpenedArchive(source.kind, modelDir, content, () => folder.remove());
  } catch (error) {
    await folder.remove();
    throw error;
  }
}

/** Only a tar's last entry tells where its root is, so it is moved there in the end. */
async function unpackTar(
  source: ArchiveSource,
  folder: UnpackFolder,
  limits: ReadLimits,
): Promise<{ modelDir: string; files: FoundFile[] }> {
  const unpacked = "unpacked";
  const model = "model";
  const files = await unpackFiles(source, folder, `${unpacked}/`, limits);
  const root = resolveTarRoot(files.map((file) => file.path), source.path);
  if (files.length === 0) {
    await folder.makeFolder(model);
  } else if (root.folder !== undefined) {
    await folder.move(root.folder === "" ? unpacked : `${unpacked}/${root.folder}`, model);
  } else {
    for (const [from, to] of root.pathByEntry) {
      await folder.move(`${unpacked}/${from}`, `${model}/${to}`);
    }
  }
  return {
    modelDir: join(folder.path, model),
    files: files.map((file) => ({ ...file, path: root.pathByEntry.get(file.path)! })),
  };
}

/** Hashes the very bytes that are written, so that nothing can change in between. */
async function unpackFiles(
  source: ArchiveSource,
  folder: UnpackFolder,
  prefix: string,
  limits: ReadLimits,
): Promise<FoundFile[]> {
  const files: FoundFile[] = [];
  for await (const entry of checkedEntries(source, limits)) {
    if (entry.type === "folder") {
      await folder.makeFolder(prefix + entry.path);
      continue;
    }
    const hash = createHash("sha256");
    await folder.writeFile(prefix + entry.path, hashedChunks(entry.chunks(), hash));
    files.push({ path: entry.path, size: entry.size, sha256: hash.digest("hex") });
  }
  return files;
}

interface Content {
  readonly manifest: Manifest;
  readonly configText?: string;
}

/** Reads and proves what the archive says about itself, from the files on disk. */
async function readContent(
  archivePath: string,
  modelDir: string,
  paths: ReadonlySet<string>,
  signal?: AbortSignal,
): Promise<Content> {
  const manifest = paths.has(MANIFEST_PATH)
    ? parseManifestBytes(await readSmallFile(join(modelDir, MANIFEST_PATH), MAX_MANIFEST_BYTES))
    : DEFAULT_MANIFEST;
  assertManifestPaths(manifest, paths, archivePath);
  for (const path of paths) {
    if (!isOnnxPath(path)) continue;
    signal?.throwIfAborted();
    const { externalFiles } = await readOnnxModel(join(modelDir, path));
    assertExternalFiles(path, externalFiles, paths, archivePath);
  }
  const { configFile } = manifest.model;
  if (!configFile) return { manifest };
  const bytes = await readSmallFile(join(modelDir, configFile), MAX_CONFIG_BYTES);
  return { manifest, configText: parseConfigText(bytes, configFile) };
}

/** The first `maxBytes + 1` bytes, enough for the parser to see that there are too many. */
async function readSmallFile(path: string, maxBytes: number): Promise<Uint8Array> {
  using file = await Deno.open(path);
  const bytes = new Uint8Array(maxBytes + 1);
  let filled = 0;
  while (filled < bytes.length) {
    const count = await file.read(bytes.subarray(filled));
    if (count === null) break;
    filled += count;
  }
  return bytes.subarray(0, filled);
}

function assertDigests(manifest: Manifest, files: readonly FoundFile[], archivePath: string): void {
  const report = compareDigests(manifest, files);
  if (!report.hasDigests || report.isProven) return;
  const [changed] = report.changed;
  if (changed) {
    throw new ArchiveError(
      "entry_digest_mismatch",
      `Cannot open "${archivePath}": entry ${JSON.stringify(changed.path)} must have SHA-256 ` +
        `${changed.expected.sha256} and ${changed.expected.size} bytes, ` +
        `found ${changed.found.sha256} and ${changed.found.size}`,
    );
  }
  const path = report.missing[0] ?? report.extra[0]!;
  throw new ArchiveError(
    "entry_list_mismatch",
    `Cannot open "${archivePath}": ${JSON.stringify(path)} is in ` +
      (report.missing.length > 0
        ? "its manifest's files table and not in the archive"
        : "the archive and not in its manifest's files table"),
  );
}

function toOpenedArchive(
  kind: OpenedArchive["kind"],
  modelDir: string,
  content: Content,
  remove: () => Promise<void>,
): OpenedArchive {
  return { kind, modelDir, ...content, remove, [Symbol.asyncDispose]: remove };
}
