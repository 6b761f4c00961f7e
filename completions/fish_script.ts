import type { CompletionCommand, CompletionFlag } from "./completion_table.ts";

/** For `~/.config/fish/completions/marina.fish`. */
export function createFishScript(commands: readonly CompletionCommand[]): string {
  const first = "complete -c marina -n __fish_use_subcommand";
  return `# fish completion of marina
complete -c marina -f
${first} -l help -d 'Print the commands'
${first} -l version -d 'Print the version'
${commands.map(({ name, help }) => `${first} -a ${name} -d ${quote(help)}\n`).join("")}${
    commands.map(toLines).join("")
  }`;
}

function toLines({ name, flags, operands }: CompletionCommand): string {
  const start = `complete -c marina -n '__fish_seen_subcommand_from ${name}'`;
  const lines = flags.map((flag) => `${start} ${toOptions(flag)} -d ${quote(flag.help)}\n`);
  if (operands === "file") lines.push(`${start} -F\n`);
  else if (operands !== "none") lines.push(`${start} -a ${quote(operands.join(" "))}\n`);
  return lines.join("");
}

function toOptions({ names, value, choices }: CompletionFlag): string {
  const spellings = names.map((name) =>
    name.startsWith("--") ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`
  );
  if (choices.length > 0) return [...spellings, "-x", "-a", quote(choices.join(" "))].join(" ");
  const options = {
    none: [],
    text: ["-x"],
    file: ["-r", "-F"],
    folder: ["-x", "-a", "'(__fish_complete_directories)'"],
  }[value];
  return [...spellings, ...options].join(" ");
}

function quote(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
