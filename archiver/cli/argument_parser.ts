/**
 * Python's `argparse` (3.11) for options that take one value or none: prefixes, `-v1`,
 * joined short flags and its error texts, because scripts written for TorchServe's
 * archiver count on them. `node:util`'s `parseArgs` knows neither prefixes nor required options.
 */

/** One option of a command. */
export interface CommandOption {
  /** All spellings, the short one first: `["-v", "--version"]`. */
  readonly flags: readonly string[];
  /** Name of the value in the usage; without one the option is a switch. */
  readonly valueName?: string;
  readonly choices?: readonly string[];
  readonly isRequired?: boolean;
  /** False for an option that TorchServe's archiver lacks: its prefixes stay those of the others. */
  readonly takesPrefixes?: boolean;
  /** Lines of the help text. */
  readonly help: readonly string[];
}

/** Wrong usage; the message is argparse's, without the program's name. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** Values by the longest spelling of their option; a switch that was given is `true`. */
export type ParsedArguments = ReadonlyMap<string, string | true>;

const NEGATIVE_NUMBER_REGEXP = /^-(\d+|\d*\.\d+)$/;

/** An argument that is an option or looks like one; `option` is undefined where none is known. */
interface OptionUse {
  readonly option?: CommandOption;
  readonly spelling: string;
  readonly value?: string;
}

/**
 * Reads the arguments; stops at a help switch, which is then in the result.
 *
 * @throws {UsageError} With argparse's text.
 */
export function parseArguments(
  options: readonly CommandOption[],
  args: readonly string[],
): ParsedArguments {
  const end = args.includes("--") ? args.indexOf("--") : args.length;
  const uses = args.map((arg, i) => i < end ? resolveOptionUse(options, arg) : undefined);
  const values = new Map<string, string | true>();
  const unrecognized: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const use = uses[i];
    if (!use?.option) {
      unrecognized.push(args[i]!);
      continue;
    }
    for (const { option, value } of splitJoinedSwitches(options, use)) {
      if (option.valueName === undefined) {
        values.set(toKey(option), true);
        if (toKey(option) === "--help") return values;
        continue;
      }
      const isNextValue = i + 1 < args.length && i + 1 !== end && uses[i + 1] === undefined;
      const taken = value ?? (isNextValue ? args[++i] : undefined);
      if (taken === undefined) throw argumentError(option, "expected one argument");
      assertChoice(option, taken);
      values.set(toKey(option), taken);
    }
  }
  assertRequired(options, values);
  if (unrecognized.length > 0) {
    throw new UsageError(`unrecognized arguments: ${unrecognized.join(" ")}`);
  }
  return values;
}

/** The name under which an option's value is found. */
export function toKey(option: CommandOption): string {
  return option.flags.at(-1)!;
}

/** Answers undefined for a plain value. */
function resolveOptionUse(options: readonly CommandOption[], arg: string): OptionUse | undefined {
  if (!arg.startsWith("-") || arg.length === 1) return undefined;
  const exact = findOption(options, arg);
  if (exact) return { option: exact, spelling: arg };
  const [flag, value] = splitOnce(arg, "=");
  const named = value === undefined ? undefined : findOption(options, flag);
  if (named) return { option: named, spelling: flag, value: value! };
  const candidates = findByPrefix(options, arg);
  if (candidates.length > 1) {
    const matches = candidates.map(({ spelling }) => spelling).join(", ");
    throw new UsageError(`ambiguous option: ${arg} could match ${matches}`);
  }
  if (candidates.length === 1) return candidates[0];
  if (NEGATIVE_NUMBER_REGEXP.test(arg) || arg.includes(" ")) return undefined;
  return { spelling: arg };
}

function findByPrefix(options: readonly CommandOption[], arg: string): OptionUse[] {
  const spellings = options.filter(({ takesPrefixes }) => takesPrefixes ?? true)
    .flatMap((option) => option.flags.map((flag) => ({ option, flag })));
  if (arg.startsWith("--")) {
    const [prefix, value] = splitOnce(arg, "=");
    return spellings.filter(({ flag }) => flag.startsWith(prefix))
      .map(({ option, flag }) => ({
        option,
        spelling: flag,
        ...(value === undefined ? {} : { value }),
      }));
  }
  return spellings.filter(({ flag }) => flag === arg.slice(0, 2))
    .map(({ option, flag }) => ({ option, spelling: flag, value: arg.slice(2) }));
}

/** `-fv1` is `-f` and `-v1`: a switch hands what is joined to it to the next short option. */
function splitJoinedSwitches(
  options: readonly CommandOption[],
  use: OptionUse,
): { readonly option: CommandOption; readonly value?: string }[] {
  const uses: { option: CommandOption; value?: string }[] = [];
  let option = use.option!;
  let { spelling, value } = use;
  while (option.valueName === undefined && value !== undefined) {
    const next = spelling.startsWith("--") || value === ""
      ? undefined
      : findOption(options, `-${value[0]}`);
    if (!next) throw argumentError(option, `ignored explicit argument ${toPythonText(value)}`);
    uses.push({ option });
    spelling = `-${value[0]}`;
    value = value.length > 1 ? value.slice(1) : undefined;
    option = next;
  }
  uses.push({ option, ...(value === undefined ? {} : { value }) });
  return uses;
}

function assertChoice(option: CommandOption, value: string): void {
  if (!option.choices || option.choices.includes(value)) return;
  const choices = option.choices.map(toPythonText).join(", ");
  throw argumentError(option, `invalid choice: ${toPythonText(value)} (choose from ${choices})`);
}

function assertRequired(options: readonly CommandOption[], values: ParsedArguments): void {
  const missing = options.filter((option) => option.isRequired && !values.has(toKey(option)));
  if (missing.length === 0) return;
  const names = missing.map(({ flags }) => flags.join("/")).join(", ");
  throw new UsageError(`the following arguments are required: ${names}`);
}

function argumentError(option: CommandOption, text: string): UsageError {
  return new UsageError(`argument ${option.flags.join("/")}: ${text}`);
}

function findOption(options: readonly CommandOption[], flag: string): CommandOption | undefined {
  return options.find(({ flags }) => flags.includes(flag));
}

function splitOnce(text: string, separator: string): [string, string | undefined] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

/** Python's `repr` of a text. */
function toPythonText(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const escaped = text.replaceAll("\\", "\\\\").replaceAll(quote, `\\${quote}`)
    .replaceAll("\n", "\\n").replaceAll("\r", "\\r").replaceAll("\t", "\\t");
  return quote + escaped + quote;
}
