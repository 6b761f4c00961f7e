import { ArchiveError } from "./errors.ts";

/** Where the manifest lies in an archive. */
export const MANIFEST_PATH = "MAR-INF/MANIFEST.json";

/** 1 MiB: an archive of 10,000 files has a manifest of about that size. */
export const MAX_MANIFEST_BYTES = 1024 * 1024;

/** Deeper than any manifest written by a tool: the `files` table has three levels. */
const MAX_MANIFEST_DEPTH = 32;

/** Longer than any path or name that a file system takes. */
const MAX_FIELD_CHARS = 4096;

const SHA256_REGEXP = /^[0-9a-f]{64}$/;

/** One row of the manifest's `files` table. */
export interface ManifestFile {
  /** Size of the unpacked entry, in bytes. */
  readonly size: number;
  /** 64 lower-case hexadecimal digits, of the unpacked bytes. */
  readonly sha256: string;
}

/** The manifest's `model` object; what is absent or null there is absent here. */
export interface ManifestModel {
  readonly modelName?: string;
  readonly modelVersion?: string;
  readonly description?: string;
  /** A file of the archive, `file:entry`, or a built-in handler's name. */
  readonly handler?: string;
  readonly envelope?: string;
  readonly serializedFile?: string;
  readonly modelFile?: string;
  readonly configFile?: string;
  readonly requirementsFile?: string;
  /** The file that `handler` was bundled from: so `handler` is one module that needs nothing else. */
  readonly handlerSource?: string;
}

/** What `MAR-INF/MANIFEST.json` says; unknown keys are not kept. */
export interface Manifest {
  /** Local time of the packer, `dd/mm/yyyy hh:mm:ss`; absent in old archives. */
  readonly createdOn?: string;
  /** `python` where the manifest says nothing; not checked against any list here. */
  readonly runtime: string;
  readonly model: ManifestModel;
  readonly archiverVersion?: string;
  /** Every other file of the archive by its path; absent in archives of other tools. */
  readonly files?: ReadonlyMap<string, ManifestFile>;
}

/** What an archive without a manifest is taken to say, as TorchServe does. */
export const DEFAULT_MANIFEST: Manifest = Object.freeze({
  runtime: "python",
  model: Object.freeze({}),
});

/**
 * Turns the text of a manifest into a {@linkcode Manifest}, for whoever reads archives.
 *
 * Paths are not looked at here: whether they stay in the archive, and are there,
 * is for the reader of the archive to say. Numbers and booleans in text fields are taken
 * as written (`"modelVersion": 1.0` is `"1.0"`), as TorchServe's reader does; unknown
 * keys, `__proto__` among them, are ignored.
 *
 * @example
 * ```ts
 * import { strictEqual } from "node:assert";
 * import { parseManifest } from "./manifest.ts";
 *
 * const manifest = parseManifest('{"model": {"modelName": "digits", "modelVersion": 1.0}}');
 * strictEqual(manifest.runtime, "python");
 * strictEqual(manifest.model.modelVersion, "1.0");
 * ```
 *
 * @param text The whole JSON text.
 * @throws {ArchiveError} `manifest_too_large` above 1 MiB; `manifest_invalid` if it is
 * not JSON, nests deeper than 32, or a field has another type than it must.
 */
export function parseManifest(text: string): Manifest {
  if (text.length > MAX_MANIFEST_BYTES) {
    throw new ArchiveError(
      "manifest_too_large",
      `Cannot read the manifest: at most ${MAX_MANIFEST_BYTES} bytes, found ${text.length}`,
    );
  }
  assertShallow(text);
  let value: unknown;
  try {
    value = JSON.parse(text, keepNumberText);
  } catch (cause) {
    throw new ArchiveError("manifest_invalid", "Cannot read the manifest: it is not JSON", {
      cause,
    });
  }
  const root = asObject(value, "the manifest");
  const model = has(root, "model") ? asObject(root.model, '"model"') : {};
  return {
    ...optionalText(root, "createdOn"),
    runtime: textOf(root, "runtime") ?? DEFAULT_MANIFEST.runtime,
    model: {
      ...optionalText(model, "modelName"),
      ...optionalText(model, "modelVersion"),
      ...optionalText(model, "description"),
      ...optionalText(model, "handler"),
      ...optionalText(model, "envelope"),
      ...optionalText(model, "serializedFile"),
      ...optionalText(model, "modelFile"),
      ...optionalText(model, "configFile"),
      ...optionalText(model, "requirementsFile"),
      ...optionalText(model, "handlerSource"),
    },
    ...optionalText(root, "archiverVersion"),
    ...(has(root, "files") ? { files: parseFiles(root.files) } : {}),
  };
}

type JsonObject = Readonly<Record<string, unknown>>;

/** A number as it was written: `1.0` must not become `1`. */
class NumberText {
  constructor(readonly text: string) {}
}

function keepNumberText(_key: string, value: unknown, context?: { source?: string }): unknown {
  return typeof value === "number" ? new NumberText(context?.source ?? String(value)) : value;
}

/** `JSON.parse` survives any depth; what later walks the value need not. */
function assertShallow(text: string): void {
  let depth = 0;
  let isInString = false;
  for (let i = 0; i < text.length; i++) {
    const char = text[i];
    if (isInString) {
      if (char === "\\") i++;
      else if (char === '"') isInString = false;
    } else if (char === '"') {
      isInString = true;
    } else if (char === "{" || char === "[") {
      if (++depth > MAX_MANIFEST_DEPTH) {
        throw new ArchiveError(
          "manifest_invalid",
          `Cannot read the manifest: at most ${MAX_MANIFEST_DEPTH} levels of nesting, found more`,
        );
      }
    } else if (char === "}" || char === "]") {
      depth--;
    }
  }
}

function parseFiles(value: unknown): ReadonlyMap<string, ManifestFile> {
  const files = new Map<string, ManifestFile>();
  for (const [path, row] of Object.entries(asObject(value, '"files"'))) {
    const where = `"files" row ${JSON.stringify(path)}`;
    const { size, sha256 } = asObject(row, where);
    const bytes = size instanceof NumberText ? Number(size.text) : NaN;
    if (!Number.isSafeInteger(bytes) || bytes < 0) {
      throw invalid(`${where}: "size"`, "a size", size);
    }
    if (typeof sha256 !== "string" || !SHA256_REGEXP.test(sha256)) {
      throw invalid(`${where}: "sha256"`, "64 lower-case hexadecimal digits", sha256);
    }
    files.set(path, { size: bytes, sha256 });
  }
  return files;
}

/** Own keys only: a manifest cannot reach `Object.prototype`. Null counts as absent. */
function has(object: JsonObject, key: string): boolean {
  return Object.hasOwn(object, key) && object[key] !== null;
}

function optionalText<K extends string>(
  object: JsonObject,
  key: K,
): { readonly [P in K]?: string } {
  const text = textOf(object, key);
  return (text === undefined ? {} : { [key]: text }) as { readonly [P in K]?: string };
}

function textOf(object: JsonObject, key: string): string | undefined {
  if (!has(object, key)) return undefined;
  const value = object[key];
  if (value instanceof NumberText) return value.text;
  if (typeof value === "boolean") return String(value);
  if (typeof value !== "string") throw invalid(`"${key}"`, "text", value);
  if (value.length > MAX_FIELD_CHARS) {
    throw invalid(`"${key}"`, `at most ${MAX_FIELD_CHARS} characters`, `${value.length}`);
  }
  // deno-lint-ignore no-control-regex -- they forge log lines and end C strings
  if (/[\0-\x1f\x7f-\x9f]/.test(value)) throw invalid(`"${key}"`, "no control characters", value);
  return value;
}

function asObject(value: unknown, where: string): JsonObject {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw invalid(where, "an object", value);
  }
  if (value instanceof NumberText) throw invalid(where, "an object", value);
  return value as JsonObject;
}

function invalid(where: string, required: string, found: unknown): ArchiveError {
  const shown = found instanceof NumberText ? found.text : JSON.stringify(found) ?? "nothing";
  return new ArchiveError(
    "manifest_invalid",
    `Cannot read the manifest: ${where} must be ${required}, found ${shown.slice(0, 80)}`,
  );
}
