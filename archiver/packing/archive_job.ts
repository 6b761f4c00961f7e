import type { ResolvedHandler } from "./handler_argument.ts";
import type { InputFile } from "./input_file.ts";
import type {
  ArchiveFormat,
  GenerateModelArchiveOptions,
  ModelArchiverConfig,
} from "../model_archiver_config.ts";

/** All that is known before the first byte is written; nothing of it is checked again. */
export interface ArchiveJob {
  readonly format: ArchiveFormat;
  readonly model: ModelArchiverConfig;
  readonly handler: ResolvedHandler;
  /** Sorted by name, without the manifest. */
  readonly files: readonly InputFile[];
  readonly options: GenerateModelArchiveOptions;
}
