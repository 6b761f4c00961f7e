/** The four forms of an archive, in the order in which the command line lists them. */
export const ARCHIVE_FORMATS = ["tgz", "no-archive", "zip-store", "default"] as const;

/** `default` is a compressed zip, `zip-store` an uncompressed one, `no-archive` a plain folder. */
export type ArchiveFormat = typeof ARCHIVE_FORMATS[number];

/** What may run a handler; `deno` is Marina's own, the others are TorchServe's. */
export const RUNTIMES = ["deno", "python", "python3", "LSP"] as const;

export type Runtime = typeof RUNTIMES[number];

/** What to pack; the fields are those of TorchServe's `ModelArchiverConfig`. */
export interface ModelArchiverConfig {
  /** Letters, digits, `_`, `-` and `.`, the first a letter or a digit; also the file's name. */
  readonly modelName: string;
  /** A built-in handler's name, or a path: `h.ts`, `h.ts:entry`, `h.py`, `h`, `h:entry`. */
  readonly handler: string;
  /** The model's version, free text; left out of the manifest when empty. */
  readonly version: string;
  /** The weights. Files that an `.onnx` refers to are packed with it. */
  readonly serializedFile?: string;
  /** The model's architecture, in Python. */
  readonly modelFile?: string;
  /** Paths separated by commas; of a folder its children are packed; `*`, `?` and `[a-z]` match. */
  readonly extraFiles?: string;
  /** Unless given: `python` for a Python handler, `deno` for all others. */
  readonly runtime?: Runtime;
  /** Folder to write into, made if it is not there; the current one unless given. */
  readonly exportPath?: string;
  /** `default` unless given. */
  readonly archiveFormat?: ArchiveFormat;
  /** Replaces what is there under the archive's name. */
  readonly force?: boolean;
  /** A `requirements.txt`. */
  readonly requirementsFile?: string;
  /** The model's settings, in YAML. */
  readonly configFile?: string;
  /**
   * Whether a TypeScript or JavaScript handler becomes one self-contained JavaScript module; true unless given.
   * Otherwise it is packed as it is.
   */
  readonly bundle?: boolean;
  /** Checks the types of a TypeScript or JavaScript handler first. */
  readonly check?: boolean;
}

/** How far one file of the archive is packed. */
export interface PackingProgress {
  /** Its path in the archive. */
  readonly fileName: string;
  /** Bytes read so far; equal to `totalBytes` in the file's last report. */
  readonly doneBytes: number;
  readonly totalBytes: number;
}

/** What a caller may hand in beside the configuration. */
export interface GenerateModelArchiveOptions {
  /** Called after each piece of a file, at most a megabyte apart. */
  readonly onProgress?: (progress: PackingProgress) => void;
  /** Called for what is odd but no error; one sentence, no full stop. */
  readonly onWarning?: (message: string) => void;
  /** Ends the work: nothing stays behind and the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /**
   * Seconds since 1970 that every timestamp in the archive gets, as
   * [reproducible builds](https://reproducible-builds.org/specs/source-date-epoch/) hand them
   * to tools; the files' own times unless given.
   */
  readonly sourceDateEpochSec?: number;
}
