/** CUDA's libraries: what is on this machine, what is missing, and how the runtime comes to find them. */
export { type CudaFolder, type CudaFolderOptions, prepareCudaFolder } from "./cuda_folder.ts";
export {
  type CudaSearch,
  findCuda,
  type FindCudaOptions,
  type MissingLibrary,
  toCudaReason,
} from "./find_cuda.ts";
export { type FoundLibrary, LibrarySearch } from "./library_search.ts";
