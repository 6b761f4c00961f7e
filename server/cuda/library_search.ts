import { dirname, join } from "node:path";
import { type ElfLibrary, readElf } from "./elf_file.ts";
import { parseLoaderCache } from "./loader_cache.ts";

/** A shared library on the disk. */
export interface FoundLibrary {
  /** As others ask for it: `libcublas.so.13`. */
  readonly name: string;
  /** Absolute. */
  readonly path: string;
  /** Whether the loader finds it by itself. */
  readonly isOnLoaderPath: boolean;
  readonly elf: ElfLibrary;
}

export interface LibrarySearchOptions {
  /** Folders that are searched before the loader's own, with what is below them. */
  readonly folders: readonly string[];
  /** `LD_LIBRARY_PATH` as this process was started with it. */
  readonly loaderPath: readonly string[];
  /** See `machine` of {@linkcode ElfLibrary}. */
  readonly machine: number;
  /** Of the loader; the system's own unless given. */
  readonly cacheFile?: string;
  /** Where the loader looks last; the system's own unless given. */
  readonly systemDirs?: readonly string[];
}

/** `e_machine` of ELF files, by Deno's names. */
const MACHINE_BY_ARCH: Readonly<Record<string, number>> = { x86_64: 62, aarch64: 183 };

/** The `e_machine` of this machine's libraries. */
export function ownMachine(): number {
  return MACHINE_BY_ARCH[Deno.build.arch] ?? 0;
}

/** Tells whether the loader finds a library of this name. */
export function hasSystemLibrary(name: string, loaderPath: readonly string[]): boolean {
  const search = new LibrarySearch({ folders: [], loaderPath, machine: ownMachine() });
  return search.find(name) !== undefined;
}

const LIBRARY_REGEXP = /^lib[^/]+\.so(\.\d+)*$/;
/** `site-packages/nvidia/cublas/lib` is 3 below the folder that a Python environment names. */
const MAX_DEPTH = 4;
const SYSTEM_DIRS = ["/lib64", "/usr/lib64", "/lib", "/usr/lib"];

/** Finds shared libraries as the system's loader would, and in further folders before it. */
export class LibrarySearch {
  readonly #options: LibrarySearchOptions;
  readonly #own = new Map<string, string[]>();
  readonly #cache: ReadonlyMap<string, readonly string[]>;

  constructor(options: LibrarySearchOptions) {
    this.#options = options;
    for (const folder of options.folders) this.#collect(folder, 0);
    this.#cache = readCache(options.cacheFile ?? "/etc/ld.so.cache");
  }

  /**
   * Answers the first file of this name that is a library of this machine.
   *
   * @param asker Whose run path counts, too.
   */
  find(name: string, asker?: FoundLibrary): FoundLibrary | undefined {
    for (const path of this.#own.get(name) ?? []) {
      const elf = this.#read(path);
      if (elf !== undefined) return { name, path, isOnLoaderPath: false, elf };
    }
    for (const path of this.#listLoaderPlaces(name, asker)) {
      const elf = this.#read(path);
      if (elf !== undefined) return { name, path, isOnLoaderPath: true, elf };
    }
    return undefined;
  }

  *#listLoaderPlaces(name: string, asker: FoundLibrary | undefined): Generator<string> {
    for (const dir of this.#options.loaderPath) yield join(dir, name);
    if (asker !== undefined) {
      const origin = dirname(asker.path);
      for (const dir of asker.elf.runPath) {
        yield join(dir.replace(/\$(?:ORIGIN|\{ORIGIN\})/, origin), name);
      }
    }
    yield* this.#cache.get(name) ?? [];
    for (const dir of this.#options.systemDirs ?? SYSTEM_DIRS) yield join(dir, name);
  }

  /** Nothing where there is no file, or one of another machine: the loader goes on, too. */
  #read(path: string): ElfLibrary | undefined {
    try {
      const elf = readElf(path);
      return elf.machine === this.#options.machine ? elf : undefined;
    } catch {
      return undefined;
    }
  }

  #collect(folder: string, depth: number): void {
    for (const { name, isFile, isDirectory, isSymlink } of list(folder)) {
      const path = join(folder, name);
      if (isDirectory && depth < MAX_DEPTH && !name.startsWith(".")) this.#collect(path, depth + 1);
      else if ((isFile || isSymlink) && LIBRARY_REGEXP.test(name)) {
        const known = this.#own.get(name);
        if (known === undefined) this.#own.set(name, [path]);
        else known.push(path);
      }
    }
  }
}

/** In the order of the names, files before what is in folders; nothing where there is no such folder. */
function list(folder: string): Deno.DirEntry[] {
  try {
    return [...Deno.readDirSync(folder)].sort((a, b) =>
      Number(a.isDirectory) - Number(b.isDirectory) || (a.name < b.name ? -1 : 1)
    );
  } catch {
    return [];
  }
}

function readCache(path: string): ReadonlyMap<string, readonly string[]> {
  try {
    return parseLoaderCache(Deno.readFileSync(path));
  } catch {
    return new Map();
  }
}
