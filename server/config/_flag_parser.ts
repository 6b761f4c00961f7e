/** Reads arguments as Python's argparse reads TorchServe's: unique beginnings, `--flag=value`, the last one wins. */

export interface Flag {
  readonly names: readonly string[];
  /** How many values follow: none, one, or all up to the next flag. */
  readonly arity: "none" | "one" | "many";
  readonly placeholder?: string;
  readonly help: string;
}

/** A command line that cannot be read; the message is argparse's. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** What was given of one flag. */
export interface FoundFlag {
  readonly values: readonly string[];
  /** The full name that stood there, or its beginning. */
  readonly name: string;
}

/** @throws {UsageError} For an unknown, ambiguous or incomplete flag. */
export function parseFlags<Key extends string>(
  flags: Readonly<Record<Key, Flag>>,
  args: readonly string[],
): ReadonlyMap<Key, FoundFlag> {
  const found = new Map<Key, FoundFlag>();
  const strays: string[] = [];
  for (let i = 0; i < args.length;) {
    const arg = args[i++]!;
    const equals = arg.indexOf("=");
    const given = equals === -1 ? arg : arg.slice(0, equals);
    const match = isFlag(arg) ? findFlag(flags, given) : undefined;
    if (match === undefined) {
      strays.push(arg);
      continue;
    }
    const flag = flags[match.key];
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
    found.set(match.key, { values, name: match.name });
  }
  if (strays.length > 0) throw new UsageError(`unrecognized arguments: ${strays.join(" ")}`);
  return found;
}

/** The flag of that name or of that unique beginning. */
function findFlag<Key extends string>(
  flags: Readonly<Record<Key, Flag>>,
  given: string,
): { readonly key: Key; readonly name: string } | undefined {
  const all = (Object.keys(flags) as Key[]).flatMap((key) =>
    flags[key].names.map((name) => ({ key, name }))
  );
  const exact = all.find(({ name }) => name === given);
  if (exact !== undefined || !given.startsWith("--")) return exact;
  const matches = all.filter(({ name }) => name.startsWith(given));
  if (new Set(matches.map(({ key }) => key)).size > 1) {
    const candidates = matches.map(({ name }) => name).join(", ");
    throw new UsageError(`ambiguous option: ${given} could match ${candidates}`);
  }
  return matches[0];
}

function isFlag(arg: string): boolean {
  return arg.startsWith("-") && arg !== "-";
}
