/** What the two commands share with nobody: flags, texts, the progress bar. */

export { ARCHIVE_OPTIONS, parseArchiveArguments } from "./archive_options.ts";
export { INSPECT_OPTIONS } from "./inspect_options.ts";
export { type CommandOption, UsageError } from "./argument_parser.ts";
export { inspectArchive } from "./inspect_archive.ts";
export { toInspectionJson, toInspectionText } from "./inspection_text.ts";
export { ProgressBar } from "./progress_bar.ts";
export { toHelpText, toUsageText } from "./usage_text.ts";
