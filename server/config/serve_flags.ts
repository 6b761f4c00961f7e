/** The flags of `serve`, by TorchServe's names. */
import { type Flag, type FoundFlag, parseFlags, UsageError } from "./_flag_parser.ts";
import type { FlagSetting } from "./_setting_sources.ts";
import type { SettingName } from "./settings_table.ts";

export { type Flag, UsageError } from "./_flag_parser.ts";

interface ServeFlag extends Flag {
  /** The setting that it stands for; a flag without a value says `true`. */
  readonly setting?: SettingName;
  /** Why it changes nothing. */
  readonly idle?: string;
}

const FLAG_GROUPS = {
  "Models": {
    modelStore: {
      names: ["--model-store"],
      arity: "one",
      placeholder: "DIR",
      setting: "model_store",
      help: "Folder of the archives to serve; needed here or in the config file",
    },
    models: {
      names: ["--models"],
      arity: "many",
      placeholder: "MODEL",
      setting: "load_models",
      help: 'Models to load: "name=url", "url" (a file of the store), or "all"',
    },
    enableModelApi: {
      names: ["--enable-model-api"],
      arity: "none",
      setting: "enable_model_api",
      help: "Let models be registered and unregistered over HTTP",
    },
    isolation: {
      names: ["--isolation"],
      arity: "one",
      placeholder: "HOW",
      setting: "isolation",
      help: 'What workers run in: a "thread" of the server, or a "process" each',
    },
    watch: {
      names: ["--watch"],
      arity: "none",
      help: "Reload a model when its file changes (for development)",
    },
  },
  "Configuration": {
    tsConfig: {
      names: ["--ts-config"],
      arity: "one",
      placeholder: "FILE",
      help: "Config file; else the newest snapshot, else ./config.properties",
    },
    noSnapshots: {
      names: ["--ncs", "--no-config-snapshots"],
      arity: "none",
      help: "Neither write snapshots nor restore the newest one",
    },
    printConfig: {
      names: ["--print-config"],
      arity: "none",
      help: "Show each setting with where its value comes from, and exit",
    },
    dryRun: {
      names: ["--dry-run"],
      arity: "none",
      help: "Check config, model store and archives without serving, and exit",
    },
    logFormat: {
      names: ["--log-format"],
      arity: "one",
      placeholder: "FORM",
      setting: "log_format",
      help: 'Form of the console\'s lines: "text" or "json"',
    },
  },
  "Exposure": {
    disableTokenAuth: {
      names: ["--disable-token-auth", "--dt"],
      arity: "none",
      setting: "disable_token_authorization",
      help: "Answer requests without a token of key_file.json",
    },
    insecure: {
      names: ["--insecure"],
      arity: "none",
      help: "Let other machines reach the addresses without a token",
    },
  },
  "Process": {
    start: {
      names: ["--start"],
      arity: "none",
      help: "Serve in the background; answers once the server is ready",
    },
    foreground: {
      names: ["--foreground"],
      arity: "none",
      help: "Stay in the foreground, as without --start",
    },
    stop: {
      names: ["--stop"],
      arity: "none",
      help: "Stop the server that --start has started",
    },
    version: { names: ["--version", "-v"], arity: "none", help: "Show the version and exit" },
    help: { names: ["--help", "-h"], arity: "none", help: "Show this text and exit" },
  },
  "Accepted without effect": {
    workflowStore: {
      names: ["--workflow-store"],
      arity: "one",
      placeholder: "DIR",
      setting: "workflow_store",
      help: "Workflows are not served",
    },
    logConfig: {
      names: ["--log-config"],
      arity: "one",
      placeholder: "FILE",
      idle: "log files have one form, without Log4j",
      help: "Log files have one form, without Log4j",
    },
    cppLogConfig: {
      names: ["--cpp-log-config"],
      arity: "one",
      placeholder: "FILE",
      setting: "cpp_log_config",
      help: "There is no C++ backend",
    },
    plugins: {
      names: ["--plugins-path", "--ppath"],
      arity: "one",
      placeholder: "PATH",
      setting: "plugins_path",
      help: "There is no Java machine",
    },
  },
} as const satisfies Readonly<Record<string, Readonly<Record<string, ServeFlag>>>>;

const FLAGS = {
  ...FLAG_GROUPS.Models,
  ...FLAG_GROUPS.Configuration,
  ...FLAG_GROUPS.Exposure,
  ...FLAG_GROUPS.Process,
  ...FLAG_GROUPS["Accepted without effect"],
} as const;

type FlagKey = keyof typeof FLAGS;

/** What the command is to do. */
export type ServeTask = "serve" | "stop" | "print_config" | "dry_run" | "version" | "help";

/** What the command line says. */
export interface ServeFlags {
  readonly task: ServeTask;
  /** Whether the server is one that `--stop` finds. */
  readonly isStart: boolean;
  /** Whether `--start` serves in this process. */
  readonly foreground: boolean;
  readonly tsConfig?: string;
  readonly insecure: boolean;
  readonly noSnapshots: boolean;
  readonly watch: boolean;
  /** The settings among the flags. */
  readonly settings: readonly FlagSetting[];
  /** One line for each flag that changes nothing. */
  readonly warnings: readonly string[];
}

/**
 * Reads the arguments after `serve`.
 *
 * @throws {UsageError} For an unknown, ambiguous, incomplete or contradicting flag.
 */
export function parseServeFlags(args: readonly string[]): ServeFlags {
  const found = parseFlags<FlagKey>(FLAGS, args);
  assertOneOf(found, ["start", "stop", "version"]);
  const settings: FlagSetting[] = [];
  const warnings: string[] = [];
  for (const [key, { name, values }] of found) {
    const { arity, setting, idle }: ServeFlag = FLAGS[key];
    const text = arity === "none" ? "true" : arity === "one" ? values[0]! : values.join(",");
    if (setting !== undefined) settings.push({ name: setting, text, flag: name });
    if (idle !== undefined) warnings.push(`Flag ${name} has no effect: ${idle}`);
  }
  return {
    task: toTask(found),
    isStart: found.has("start"),
    foreground: found.has("foreground"),
    tsConfig: found.get("tsConfig")?.values[0],
    insecure: found.has("insecure"),
    noSnapshots: found.has("noSnapshots"),
    watch: found.has("watch"),
    settings,
    warnings,
  };
}

function toTask(found: ReadonlyMap<FlagKey, FoundFlag>): ServeTask {
  if (found.has("help")) return "help";
  if (found.has("version")) return "version";
  if (found.has("stop")) return "stop";
  if (found.has("printConfig")) return "print_config";
  return found.has("dryRun") ? "dry_run" : "serve";
}

function assertOneOf(found: ReadonlyMap<FlagKey, FoundFlag>, keys: readonly FlagKey[]): void {
  const [first, second] = keys.filter((key) => found.has(key)).map((key) =>
    FLAGS[key].names.join("/")
  );
  if (second === undefined) return;
  throw new UsageError(`argument ${second}: not allowed with argument ${first}`);
}

/** All flags, in the order of the help text. */
export function listServeFlags(): readonly Flag[] {
  return Object.values(FLAGS);
}

/** The text of `serve --help`. */
export function createServeHelp(): string {
  const groups = Object.entries<Readonly<Record<string, ServeFlag>>>(FLAG_GROUPS);
  const width = 2 +
    Math.max(...groups.flatMap(([, flags]) => Object.values(flags).map(toUsage)).map(lengthOf));
  const sections = groups.map(([title, flags]) =>
    `${title}:\n` +
    Object.values(flags).map((flag) => `${toUsage(flag).padEnd(width)}${flag.help}\n`).join("")
  );
  return `Usage: marina serve --model-store DIR [options]

Serves the archives of a model store over HTTP.

${sections.join("\n")}
Unless configured otherwise the addresses are http://127.0.0.1:8080 (inference), :8081 (management)
and :8082 (metrics), and requests need a token of key_file.json in the working folder. TorchServe's
config files are read as they are; docs/configuration.md lists every setting.
`;
}

function toUsage({ names, arity, placeholder }: ServeFlag): string {
  const values = arity === "none" ? "" : ` ${placeholder}${arity === "many" ? " ..." : ""}`;
  return `  ${names.join(", ")}${values}`;
}

function lengthOf(text: string): number {
  return text.length;
}
