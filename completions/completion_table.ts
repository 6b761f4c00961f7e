import { ARCHIVE_OPTIONS, type CommandOption, INSPECT_OPTIONS } from "../archiver/mod.ts";
import { listServeFlags } from "../server/config/mod.ts";

/** What a value is, as far as a shell can propose some. */
export type ValueKind = "none" | "text" | "file" | "folder";

/** One flag in all its spellings. */
export interface CompletionFlag {
  /** With their dashes. */
  readonly names: readonly string[];
  /** One line. */
  readonly help: string;
  readonly value: ValueKind;
  /** All values, where they are known. */
  readonly choices: readonly string[];
}

/** One command. */
export interface CompletionCommand {
  readonly name: string;
  /** One line. */
  readonly help: string;
  readonly flags: readonly CompletionFlag[];
  /** What may follow without a flag. */
  readonly operands: "none" | "file" | readonly string[];
}

/** The shells that a script can be written for. */
export const SHELLS = ["bash", "zsh", "fish"] as const;

export type Shell = (typeof SHELLS)[number];

const FOLDER_REGEXP = /DIR$|^EXPORT_PATH$/;
const FILE_REGEXP = /FILES?$|PATH$|^HANDLER$|^MODEL$/;

/** The commands and flags as the commands themselves know them. */
export function createCompletionTable(): readonly CompletionCommand[] {
  return [
    {
      name: "archive",
      help: "Package a model, its handler and its files into one archive",
      flags: ARCHIVE_OPTIONS.map(fromArchiver),
      operands: "none",
    },
    {
      name: "inspect",
      help: "Show what an archive holds; --verify proves every digest",
      flags: INSPECT_OPTIONS.map(fromArchiver),
      operands: "file",
    },
    {
      name: "serve",
      help: "Serve archives over HTTP",
      flags: listServeFlags().map(({ names, help, arity, placeholder }) => ({
        names,
        help,
        value: toValueKind(arity === "none" ? undefined : placeholder ?? ""),
        choices: [],
      })),
      operands: "none",
    },
    {
      name: "doctor",
      help: "Show what of this machine serve would use, and whether it works",
      flags: [
        { names: ["--json"], help: "Print the report as JSON", value: "none", choices: [] },
        { names: ["--model-store"], help: "Folder of the archives", value: "folder", choices: [] },
        { names: ["--ts-config"], help: "Config file of serve", value: "file", choices: [] },
        { names: ["-h", "--help"], help: "Print this text", value: "none", choices: [] },
      ],
      operands: "none",
    },
    {
      name: "completions",
      help: "Print a script that completes commands and flags in a shell",
      flags: [{ names: ["-h", "--help"], help: "Print this text", value: "none", choices: [] }],
      operands: SHELLS,
    },
  ];
}

function fromArchiver({ flags, help, valueName, choices }: CommandOption): CompletionFlag {
  const value = toValueKind(valueName);
  return { names: flags, help: toFirstSentence(help), value, choices: choices ?? [] };
}

function toValueKind(placeholder: string | undefined): ValueKind {
  if (placeholder === undefined) return "none";
  if (FOLDER_REGEXP.test(placeholder)) return "folder";
  return FILE_REGEXP.test(placeholder) ? "file" : "text";
}

function toFirstSentence(lines: readonly string[]): string {
  return lines.join(" ").split(/\. |: /)[0]!.replace(/\.$/, "");
}
