/** CUDA's libraries: what is on this machine, what is missing, and how the runtime comes to find them. */
export { type CudaFolder, type CudaFolderOptions, prepareCudaFolder } from "./cuda_folder.ts";
export {
  type CudaSearch,
  findCuda,
  type FindCudaOptions,
  type MissingLibrary,
  toCudaReason,
} from "./find_cuda.ts";
export { toCudaHint } from "./install_hint.ts";
export { type FoundLibrary, hasSystemLibrary, LibrarySearch } from "./library_search.ts";
