import { findPathFault } from "../entry_path.ts";
import { ArchiveError } from "../errors.ts";
import {
  ARCHIVE_FORMATS,
  type GenerateModelArchiveOptions,
  type ModelArchiverConfig,
  RUNTIMES,
} from "../model_archiver_config.ts";

const MODEL_NAME_REGEXP = /^[A-Za-z0-9][A-Za-z0-9_\-.]*$/;

/**
 * Refuses settings that no archive can be made from.
 *
 * @throws {ArchiveError} `model_name_invalid` or `setting_invalid`.
 */
export function assertSettings(
  model: ModelArchiverConfig,
  options: GenerateModelArchiveOptions,
): void {
  if (!MODEL_NAME_REGEXP.test(model.modelName)) {
    throw new ArchiveError(
      "model_name_invalid",
      "Model name contains special characters.\nThe allowed regular expression filter for " +
        `model name is: ${MODEL_NAME_REGEXP.source}`,
    );
  }
  // Every entry of a tar lies under the model's name.
  const fault = model.archiveFormat === "tgz" ? findPathFault(model.modelName) : undefined;
  if (fault) {
    throw new ArchiveError(
      "model_name_invalid",
      `Cannot pack model "${model.modelName}": as a folder of a tgz ${fault.reason}`,
    );
  }
  assertChoice("runtime", model.runtime, RUNTIMES);
  assertChoice("archive format", model.archiveFormat, ARCHIVE_FORMATS);
  const epochSec = options.sourceDateEpochSec;
  if (epochSec !== undefined && !(Number.isSafeInteger(epochSec) && epochSec >= 0)) {
    throw new ArchiveError(
      "setting_invalid",
      `Cannot use source date epoch ${epochSec}: it must be a whole number of seconds since 1970`,
    );
  }
}

/** For callers whose values no compiler has seen. */
function assertChoice(what: string, value: string | undefined, choices: readonly string[]): void {
  if (value === undefined || choices.includes(value)) return;
  const known = choices.map((choice) => `"${choice}"`).join(", ");
  throw new ArchiveError("setting_invalid", `Cannot use ${what} "${value}": known are ${known}`);
}
