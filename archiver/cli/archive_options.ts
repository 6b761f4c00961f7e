import { type CommandOption, parseArguments, type ParsedArguments } from "./argument_parser.ts";
import {
  ARCHIVE_FORMATS,
  type ArchiveFormat,
  type ModelArchiverConfig,
  type Runtime,
  RUNTIMES,
} from "../model_archiver_config.ts";

/** The command's options: names, order and requirements are those of `torch-model-archiver`. */
export const ARCHIVE_OPTIONS: readonly CommandOption[] = [
  { flags: ["-h", "--help"], help: ["show this help message and exit"] },
  {
    flags: ["--model-name"],
    valueName: "MODEL_NAME",
    isRequired: true,
    help: [
      "Name of the model. The archive is written as MODEL_NAME.mar",
      "(MODEL_NAME.tar.gz, or a folder, see --archive-format).",
    ],
  },
  {
    flags: ["--serialized-file"],
    valueName: "SERIALIZED_FILE",
    help: [
      "The weights: an .onnx file, which Marina serves, or a .pt or .pth file.",
      "External data that an .onnx file refers to is packed with it.",
    ],
  },
  {
    flags: ["--model-file"],
    valueName: "MODEL_FILE",
    help: ["Python file with the architecture of an eager mode model."],
  },
  {
    flags: ["--handler"],
    valueName: "HANDLER",
    isRequired: true,
    help: [
      "Name of a built-in handler, or path of a handler: handler.ts, handler.js,",
      "handler.mjs, handler.py; with its entry point after a colon: handler.ts:entry.",
    ],
  },
  {
    flags: ["--extra-files"],
    valueName: "EXTRA_FILES",
    help: [
      "Paths of more files, separated by commas. Of a folder its children are packed;",
      "*, ? and [a-z] match names.",
    ],
  },
  {
    flags: ["--runtime"],
    valueName: "RUNTIME",
    choices: RUNTIMES,
    help: [
      'What runs the handler. Unless given "deno" for TypeScript, JavaScript and',
      'built-in handlers, "python" for Python handlers.',
    ],
  },
  {
    flags: ["--export-path"],
    valueName: "EXPORT_PATH",
    help: [
      "Folder to write the archive into, made if it is not there. The current folder",
      "unless given.",
    ],
  },
  {
    flags: ["--archive-format"],
    valueName: "ARCHIVE_FORMAT",
    choices: ARCHIVE_FORMATS,
    help: [
      '"tgz": MODEL_NAME.tar.gz, its entries in a folder MODEL_NAME.',
      '"no-archive": the plain folder MODEL_NAME.',
      '"zip-store": MODEL_NAME.mar without compression: fast to write and to load.',
      '"default": MODEL_NAME.mar, compressed.',
    ],
  },
  {
    flags: ["-f", "--force"],
    help: ["Replace an archive that is there already under the same name."],
  },
  {
    flags: ["-v", "--version"],
    valueName: "VERSION",
    isRequired: true,
    help: ["Version of the model."],
  },
  {
    flags: ["-r", "--requirements-file"],
    valueName: "REQUIREMENTS_FILE",
    help: ["Path of a requirements.txt with the Python packages of the model."],
  },
  {
    flags: ["-c", "--config-file"],
    valueName: "CONFIG_FILE",
    help: ["Path of a YAML file with the settings of the model, e.g. batchSize."],
  },
  {
    flags: ["--no-bundle"],
    takesPrefixes: false,
    help: [
      "Pack a TypeScript or JavaScript handler as it is. Unless given, it becomes one",
      "JavaScript module with the files and npm packages that it imports.",
    ],
  },
  {
    flags: ["--check"],
    takesPrefixes: false,
    help: ["Check the types of a TypeScript or JavaScript handler first."],
  },
];

/**
 * Reads the arguments of `archive` into a configuration.
 *
 * @returns `"help"` if the help text was asked for.
 * @throws {UsageError} If the arguments are not those of {@linkcode ARCHIVE_OPTIONS}.
 */
export function parseArchiveArguments(args: readonly string[]): ModelArchiverConfig | "help" {
  const values = parseArguments(ARCHIVE_OPTIONS, args);
  if (values.has("--help")) return "help";
  return {
    modelName: textOf(values, "--model-name")!,
    handler: textOf(values, "--handler")!,
    version: textOf(values, "--version")!,
    ...optional("serializedFile", textOf(values, "--serialized-file")),
    ...optional("modelFile", textOf(values, "--model-file")),
    ...optional("extraFiles", textOf(values, "--extra-files")),
    ...optional("runtime", textOf(values, "--runtime") as Runtime | undefined),
    ...optional("exportPath", textOf(values, "--export-path")),
    ...optional("archiveFormat", textOf(values, "--archive-format") as ArchiveFormat | undefined),
    force: values.has("--force"),
    ...optional("requirementsFile", textOf(values, "--requirements-file")),
    ...optional("configFile", textOf(values, "--config-file")),
    bundle: !values.has("--no-bundle"),
    check: values.has("--check"),
  };
}

function textOf(values: ParsedArguments, key: string): string | undefined {
  const value = values.get(key);
  return value === true ? undefined : value;
}

function optional<K extends string, V>(key: K, value: V | undefined): { readonly [P in K]?: V } {
  return (value === undefined ? {} : { [key]: value }) as { readonly [P in K]?: V };
}
