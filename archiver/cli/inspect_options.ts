import type { CommandOption } from "./argument_parser.ts";

/** The options of `inspect`. */
export const INSPECT_OPTIONS: readonly CommandOption[] = [
  { flags: ["--json"], help: ["Print one JSON document"] },
  {
    flags: ["--verify"],
    help: ["Prove every file's digest by the manifest's files table; any difference is a failure"],
  },
  { flags: ["-h", "--help"], help: ["Print this text"] },
];
