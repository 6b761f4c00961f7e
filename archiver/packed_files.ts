/**
 * The large files that a compiled program carries compressed. The runtime reads all that a program carries into
 * memory before its first line runs: what is compressed makes each start faster and each process smaller.
 */
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { constants, zstdCompress, zstdDecompress } from "node:zlib";

const INDEX_NAME = "index.json";

/** 2.6 s for onnxruntime's 46 MB; the highest level takes ten times as long for a tenth less. */
const COMPRESSION_LEVEL = 12;

/** One file, as it is once unpacked. */
export interface PackedFile {
  /** With `/` between folders. */
  readonly path: string;
  readonly sizeBytes: number;
}

/**
 * The folder of the packed files, below the program's own.
 *
 * @param target Of the program that carries them, as in `Deno.build.target`; the running one's unless given.
 */
export function resolvePackedDir(target: string = Deno.build.target): string {
  return fileURLToPath(new URL(`../dist/packed/${target}/`, import.meta.url));
}

/**
 * Replaces a folder by one of packed files, for a program to carry.
 *
 * @param packedDir See {@linkcode resolvePackedDir}.
 * @param sources The path that each file gets, and where it is now.
 */
export async function writePackedFiles(
  packedDir: string,
  sources: ReadonlyMap<string, string>,
): Promise<void> {
  await Deno.remove(packedDir, { recursive: true }).catch(() => {});
  await Deno.mkdir(packedDir, { recursive: true });
  const index: PackedFile[] = [];
  for (const [path, source] of sources) {
    const bytes = await Deno.readFile(source);
    const params = { [constants.ZSTD_c_compressionLevel]: COMPRESSION_LEVEL };
    const to = toPackedPath(packedDir, path);
    await Deno.mkdir(dirname(to), { recursive: true });
    await Deno.writeFile(to, await promisify(zstdCompress)(bytes, { params }));
    index.push({ path, sizeBytes: bytes.length });
  }
  await Deno.writeTextFile(join(packedDir, INDEX_NAME), JSON.stringify(index));
}

/** The files of a folder that {@linkcode writePackedFiles} has written. */
export async function listPackedFiles(packedDir: string): Promise<readonly PackedFile[]> {
  return JSON.parse(await Deno.readTextFile(join(packedDir, INDEX_NAME))) as PackedFile[];
}

/** The contents of one of them, unpacked. */
export async function readPackedFile(
  packedDir: string,
  path: string,
): Promise<Uint8Array<ArrayBuffer>> {
  const unpacked = await promisify(zstdDecompress)(
    await Deno.readFile(toPackedPath(packedDir, path)),
  );
  return new Uint8Array(unpacked.buffer as ArrayBuffer, unpacked.byteOffset, unpacked.byteLength);
}

function toPackedPath(packedDir: string, path: string): string {
  return join(packedDir, `${path}.zst`);
}
