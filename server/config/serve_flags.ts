/** The flags of `serve`, read as Python's argparse reads TorchServe's: prefixes, `--flag=value`, last one wins. */

interface Flag {
  readonly names: readonly string[];
  /** How many values follow: none, one, or all up to the next flag. */
  readonly arity: "none" | "one" | "many";
  readonly placeholder?: string;
  readonly help: string;
}

const FLAGS = {
  modelStore: {
    names: ["--model-store"],
    arity: "one",
    placeholder: "DIR",
    help: "Folder of the archives to serve; needed here or in the config file",
  },
  models: {
    names: ["--models"],
    arity: "many",
    placeholder: "MODEL",
    help: 'Models to load: "name=file.mar", "file.mar", or "all" of the model store',
  },
  tsConfig: {
    names: ["--ts-config"],
    arity: "one",
    placeholder: "FILE",
    help: "Config file (Java properties, as TorchServe's config.properties)",
  },
  noSnapshots: {
    names: ["--ncs", "--no-config-snapshots"],
    arity: "none",
    help: "Accepted for TorchServe's launchers: no snapshot is written or read",
  },
  disableTokenAuth: {
    names: ["--disable-token-auth", "--dt"],
    arity: "none",
    help: "Accepted for TorchServe's launchers: requests need no token",
  },
  enableModelApi: {
    names: ["--enable-model-api"],
    arity: "none",
    help: "Let models be registered and unregistered over HTTP",
  },
  insecure: {
    names: ["--insecure"],
    arity: "none",
    help: "Allow addresses that other machines can reach, though no request is authorized",
  },
  foreground: {
    names: ["--foreground"],
    arity: "none",
    help: "Accepted for TorchServe's launchers: the server always stays in the foreground",
  },
  start: {
    names: ["--start"],
    arity: "none",
    help: "Accepted for TorchServe's launchers: serving is what this command does",
  },
  help: { names: ["--help", "-h"], arity: "none", help: "Show this text and exit" },
} as const satisfies Record<string, Flag>;

type FlagKey = keyof typeof FLAGS;

/** What the command line says, before the config file and the defaults. */
export interface ServeFlags {
  readonly modelStore?: string;
  readonly models?: readonly string[];
  readonly tsConfig?: string;
  readonly disableTokenAuth: boolean;
  readonly enableModelApi: boolean;
  readonly insecure: boolean;
  readonly help: boolean;
}

/** A command line that cannot be read; the message is argparse's. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** The text of `serve --help`. */
export function createServeHelp(): string {
  const rows = Object.values<Flag>(FLAGS).map(({ names, arity, placeholder, help }) => {
    const values = arity === "none" ? "" : ` ${placeholder}${arity === "many" ? " ..." : ""}`;
    return { left: `  ${names.join(", ")}${values}`, help };
  });
  const width = Math.max(...rows.map(({ left }) => left.length)) + 2;
  const lines = rows.map(({ left, help }) => left.padEnd(width) + help);
  return `Usage: marina serve --model-store DIR [options]

Serves the archives of a model store over HTTP.

Options:
${lines.join("\n")}

Without a config file the addresses are http://127.0.0.1:8080 (inference), :8081 (management)
and :8082 (metrics).
`;
}

/**
 * Reads the arguments after `serve`.
 *
 * @throws {UsageError} For an unknown, ambiguous or incomplete flag.
 */
export function parseServeFlags(args: readonly string[]): ServeFlags {
  const found = new Map<FlagKey, string[]>();
  const strays: string[] = [];
  for (let i = 0; i < args.length;) {
    const arg = args[i++]!;
    if (!isFlag(arg)) {
      strays.push(arg);
      continue;
    }
    const equals = arg.indexOf("=");
    const name = equals === -1 ? arg : arg.slice(0, equals);
    const key = findFlag(name);
    if (key === undefined) {
      strays.push(arg);
      continue;
    }
    const flag: Flag = FLAGS[key];
    const values = equals === -1 ? [] : [arg.slice(equals + 1)];
    if (flag.arity === "none" && equals !== -1) {
      throw new UsageError(
        `argument ${flag.names.join("/")}: ignored explicit argument '${values[0]}'`,
      );
    }
    if (equals === -1 && flag.arity !== "none") {
      const most = flag.arity === "one" ? 1 : Infinity;
      while (values.length < most && i < args.length && !isFlag(args[i]!)) values.push(args[i++]!);
    }
    if (flag.arity !== "none" && values.length === 0) {
      const wanted = flag.arity === "one" ? "one argument" : "at least one argument";
      throw new UsageError(`argument ${flag.names.join("/")}: expected ${wanted}`);
    }
    found.set(key, values);
  }
  if (strays.length > 0) throw new UsageError(`unrecognized arguments: ${strays.join(" ")}`);
  return {
    modelStore: found.get("modelStore")?.[0],
    models: found.get("models"),
    tsConfig: found.get("tsConfig")?.[0],
    disableTokenAuth: found.has("disableTokenAuth"),
    enableModelApi: found.has("enableModelApi"),
    insecure: found.has("insecure"),
    help: found.has("help"),
  };
}

/** The flag of that name or of that unique beginning. */
function findFlag(name: string): FlagKey | undefined {
  const keys = Object.keys(FLAGS) as FlagKey[];
  const namesOf = (key: FlagKey): readonly string[] => FLAGS[key].names;
  const exact = keys.find((key) => namesOf(key).includes(name));
  if (exact !== undefined || !name.startsWith("--")) return exact;
  const matches = keys.flatMap((key) =>
    namesOf(key).filter((known) => known.startsWith(name)).map((known) => ({ key, known }))
  );
  if (new Set(matches.map(({ key }) => key)).size > 1) {
    const candidates = matches.map(({ known }) => known).join(", ");
    throw new UsageError(`ambiguous option: ${name} could match ${candidates}`);
  }
  return matches[0]?.key;
}

function isFlag(arg: string): boolean {
  return arg.startsWith("-") && arg !== "-";
}
