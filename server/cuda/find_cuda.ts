/** Finds what ONNX Runtime needs for CUDA, without loading any of it. */
import {
  type FoundLibrary,
  LibrarySearch,
  type LibrarySearchOptions,
  ownMachine,
} from "./library_search.ts";

/** A library that is in none of the places. */
export interface MissingLibrary {
  readonly name: string;
  /** The library that asks for it; absent for one that the runtime itself asks for. */
  readonly neededBy?: string;
}

/** What was found of CUDA; it can be tried where `missing` is empty. */
export interface CudaSearch {
  /** The provider's own libraries. */
  readonly providers: readonly FoundLibrary[];
  /** What these need and what the runtime opens later, each after those that it needs itself. */
  readonly libraries: readonly FoundLibrary[];
  readonly missing: readonly MissingLibrary[];
  /** Opened only for some models: CUDA works without them, those models do not. */
  readonly missingOnDemand: readonly MissingLibrary[];
}

/** The runtime opens them in this order; the second does not name the first as one that it needs. */
export const PROVIDER_LIBRARIES: readonly string[] = [
  "libonnxruntime_providers_shared.so",
  "libonnxruntime_providers_cuda.so",
];

/** What the provider opens by name while it runs, by the major version of CUDA that it was built for. */
const ON_DEMAND_BY_CUDA: Readonly<Record<string, readonly string[]>> = {
  "12": ["libcudnn.so.9", "libcufft.so.11", "libnvrtc.so.12"],
  "13": ["libcudnn.so.9", "libcufft.so.12", "libnvrtc.so.13"],
};

const RUNTIME_LIBRARY_REGEXP = /^libcudart\.so\.(\d+)$/;

export type FindCudaOptions = Omit<LibrarySearchOptions, "machine"> & {
  /** This machine's own unless given. */
  readonly machine?: number;
};

/**
 * Follows the chain of needed libraries from the provider on, as the loader would do it.
 *
 * @param options Where to look; the folder of onnxruntime's own files is among its `folders`.
 */
export function findCuda(options: FindCudaOptions): CudaSearch {
  const machine = options.machine ?? ownMachine();
  const search = new LibrarySearch({ ...options, machine });
  const chain = new Chain(search);
  for (const name of PROVIDER_LIBRARIES) chain.add(name);
  const providers = chain.found.filter(({ name }) => PROVIDER_LIBRARIES.includes(name));
  const missing = [...chain.missing];
  for (const name of listOnDemand(chain.found, missing)) chain.add(name);
  return {
    providers,
    libraries: chain.found.filter(({ name }) => !PROVIDER_LIBRARIES.includes(name)),
    missing,
    missingOnDemand: chain.missing.slice(missing.length),
  };
}

/**
 * Says in one sentence why CUDA cannot be tried; `undefined` when it can. No path of the machine is in it.
 *
 * @example
 * ```ts
 * import { strictEqual } from "node:assert";
 * import { toCudaReason } from "./find_cuda.ts";
 *
 * const missing = [{ name: "libcublas.so.13", neededBy: "libonnxruntime_providers_cuda.so" }];
 * strictEqual(
 *   toCudaReason({ missing }),
 *   "libcublas.so.13, which libonnxruntime_providers_cuda.so needs, is neither in MARINA_CUDA_DIR nor on the loader's path",
 * );
 * ```
 */
export function toCudaReason({ missing }: Pick<CudaSearch, "missing">): string | undefined {
  const provider = missing.findLast(({ name }) => PROVIDER_LIBRARIES.includes(name));
  if (provider !== undefined) {
    return `${provider.name} is neither beside onnxruntime nor in MARINA_CUDA_DIR nor on the loader's path`;
  }
  const [first, ...others] = missing;
  if (first === undefined) return undefined;
  const rest = others.map(({ name }) => name).join(", ");
  return `${first.name}, which ${first.neededBy} needs, is neither in MARINA_CUDA_DIR nor on the loader's path` +
    (rest === "" ? "" : `; nor are ${rest}`);
}

/** None where not even the version of CUDA is known. */
function listOnDemand(...libraries: (readonly { readonly name: string }[])[]): readonly string[] {
  for (const { name } of libraries.flat()) {
    const major = RUNTIME_LIBRARY_REGEXP.exec(name)?.[1];
    if (major !== undefined) return ON_DEMAND_BY_CUDA[major] ?? [];
  }
  return [];
}

/** A walk over needed libraries, depth first: `found` is in an order in which they can be loaded. */
class Chain {
  readonly found: FoundLibrary[] = [];
  readonly missing: MissingLibrary[] = [];
  readonly #search: LibrarySearch;
  readonly #seen = new Set<string>();

  constructor(search: LibrarySearch) {
    this.#search = search;
  }

  add(name: string, asker?: FoundLibrary): void {
    if (this.#seen.has(name)) return;
    this.#seen.add(name);
    const library = this.#search.find(name, asker);
    if (library === undefined) {
      this.missing.push({ name, neededBy: asker?.name });
      return;
    }
    for (const needed of library.elf.needed) this.add(needed, library);
    this.found.push(library);
  }
}
