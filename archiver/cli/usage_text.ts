import type { CommandOption } from "./argument_parser.ts";

/** Columns of argparse's help on a terminal of 80. */
const WIDTH_CHARS = 78;
const HELP_INDENT_CHARS = 24;

/** The `usage: …` block, as argparse folds it; ends with a line feed. */
export function toUsageText(program: string, options: readonly CommandOption[]): string {
  const head = `usage: ${program} `;
  const lines = [head.trimEnd()];
  for (const option of options) {
    const use = toUse(option.flags[0]!, option);
    const part = option.isRequired ? use : `[${use}]`;
    const isFirstOfLine = lines.at(-1)!.trim() === "";
    if (!isFirstOfLine && lines.at(-1)!.length + 1 + part.length > WIDTH_CHARS) {
      lines.push(" ".repeat(head.length) + part);
    } else {
      lines[lines.length - 1] += ` ${part}`;
    }
  }
  return lines.join("\n") + "\n";
}

/** The whole help text: usage, what the command does, one paragraph an option. */
export function toHelpText(
  program: string,
  description: string,
  options: readonly CommandOption[],
): string {
  const paragraphs = options.map((option) => {
    const head = `  ${option.flags.map((flag) => toUse(flag, option)).join(", ")}`;
    const indent = " ".repeat(HELP_INDENT_CHARS);
    const body = option.help.map((line) => indent + line);
    if (head.length > HELP_INDENT_CHARS - 2) return [head, ...body].join("\n");
    return [head.padEnd(HELP_INDENT_CHARS) + option.help[0], ...body.slice(1)].join("\n");
  });
  return `${toUsageText(program, options)}\n${description}\n\noptions:\n${paragraphs.join("\n")}\n`;
}

function toUse(flag: string, { valueName, choices }: CommandOption): string {
  if (valueName === undefined) return flag;
  return `${flag} ${choices ? `{${choices.join(",")}}` : valueName}`;
}
