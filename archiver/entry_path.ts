import { ArchiveError } from "./errors.ts";

/** What ext4, NTFS and APFS take as one component, in UTF-8 bytes. */
const MAX_COMPONENT_BYTES = 255;
/** Below Linux's 4,096 by enough room for the folder that it is unpacked into. */
const MAX_PATH_BYTES = 2048;
const MAX_DEPTH = 64;

const DRIVE_REGEXP = /^[A-Za-z]:/;
// deno-lint-ignore no-control-regex -- NUL ends C strings, the others forge terminal and log lines
const CONTROL_REGEXP = /[\0-\x1f\x7f-\x9f\u2028\u2029]/;
/** Devices on Windows with any extension: `NUL.txt` is `NUL`. */
const RESERVED_REGEXP = /^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)(\.|$)/i;
/** Characters that HFS+ leaves out when it compares names. */
const IGNORABLE_REGEXP = /[\u200c-\u200f\u202a-\u202e\u2060-\u2064\u206a-\u206f\ufeff]/g;

/** Why a path is refused. */
export interface PathFault {
  readonly code: "entry_outside_destination" | "entry_name_invalid";
  /** The last part of an error's sentence. */
  readonly reason: string;
}

/**
 * Says why a path must not be used inside an archive, or nothing if it may.
 *
 * The rules are those of every platform at once, so that an archive that is good on one machine is
 * good on all: `/` between components, none of them empty, `.` or `..`; no drive, no colon
 * (an alternate stream on NTFS), no back-slash, no control character; no component that ends in a
 * dot or a space or is a device's name on Windows; at most 255 bytes a component, 2,048 in
 * all, 64 deep.
 */
export function findPathFault(path: string): PathFault | undefined {
  const outside = (reason: string): PathFault => ({ code: "entry_outside_destination", reason });
  const invalid = (reason: string): PathFault => ({ code: "entry_name_invalid", reason });
  if (path === "") return invalid("the name is empty");
  if (path.startsWith("/")) return outside("the path is absolute");
  if (path.startsWith("\\")) return outside("the path is absolute on Windows");
  if (DRIVE_REGEXP.test(path)) return outside("the path starts with a drive");
  const components = path.split("/");
  if (path.split(/[\\/]/).includes("..")) return outside("the path leaves the destination");
  if (path.includes("\\")) return invalid("the name holds a back-slash");
  if (CONTROL_REGEXP.test(path)) return invalid("the name holds a control character");
  if (path.includes(":")) return invalid("the name holds a colon");
  if (!path.isWellFormed()) return invalid("the name is not well-formed Unicode");
  if (components.length > MAX_DEPTH) return invalid(`the path is more than ${MAX_DEPTH} deep`);
  if (byteLength(path) > MAX_PATH_BYTES) {
    return invalid(`the path is longer than ${MAX_PATH_BYTES} bytes`);
  }
  for (const component of components) {
    if (component === "" || component === ".") return invalid("the path has an empty component");
    if (/[. ]$/.test(component)) return invalid("a component ends in a dot or a space");
    if (RESERVED_REGEXP.test(component)) return invalid("a component is a reserved name");
    if (byteLength(component) > MAX_COMPONENT_BYTES) {
      return invalid(`a component is longer than ${MAX_COMPONENT_BYTES} bytes`);
    }
  }
}

/** @throws {ArchiveError} `entry_outside_destination` or `entry_name_invalid`. */
export function assertEntryPath(path: string, archivePath: string): void {
  const fault = findPathFault(path);
  if (fault) {
    throw new ArchiveError(
      fault.code,
      `Cannot read entry ${JSON.stringify(path)} of "${archivePath}": ${fault.reason}`,
    );
  }
}

/** What two paths have in common when some file system takes them for the same file. */
export function toCollisionKey(path: string): string {
  return path.replace(IGNORABLE_REGEXP, "").normalize("NFC").toUpperCase().toLowerCase()
    .normalize("NFC");
}

/**
 * The names of one archive so far: refuses those that would be one file, or a file and a folder
 * at once, on any file system.
 */
export class EntryNames {
  readonly #nodeByKey = new Map<string, { path: string; isFile: boolean; isListed: boolean }>();
  readonly #archivePath: string;

  constructor(archivePath: string) {
    this.#archivePath = archivePath;
  }

  /** @throws {ArchiveError} `entry_duplicate`. */
  add(path: string, type: "file" | "folder"): void {
    for (let slash = path.indexOf("/"); slash >= 0; slash = path.indexOf("/", slash + 1)) {
      this.#addNode(path.slice(0, slash), path, false, false);
    }
    this.#addNode(path, path, type === "file", true);
  }

  #addNode(path: string, entryPath: string, isFile: boolean, isListed: boolean): void {
    const key = toCollisionKey(path);
    const known = this.#nodeByKey.get(key);
    if (!known) {
      this.#nodeByKey.set(key, { path, isFile, isListed });
      return;
    }
    if (known.path !== path || known.isFile || isFile || (known.isListed && isListed)) {
      const same = known.path === path
        ? "the archive holds that name twice"
        : `${
          JSON.stringify(known.path)
        } would be the same file where names differ only in case or Unicode form`;
      throw new ArchiveError(
        "entry_duplicate",
        `Cannot read entry ${JSON.stringify(entryPath)} of "${this.#archivePath}": ${same}`,
      );
    }
    known.isListed ||= isListed;
  }
}

function byteLength(text: string): number {
  return new TextEncoder().encode(text).length;
}
