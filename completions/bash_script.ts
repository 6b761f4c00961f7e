import type { CompletionCommand, CompletionFlag } from "./completion_table.ts";

/** For `source <(marina completions bash)`; also the bash 3.2 of macOS. */
export function createBashScript(commands: readonly CompletionCommand[]): string {
  return `# bash completion of marina
_marina_reply() {
  local line
  while IFS= read -r line; do COMPREPLY+=("$line"); done
}

_marina() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD - 1]}"
  # bash takes --flag=value as three words.
  if [[ $current == = ]]; then
    current=
  elif [[ $previous == = ]]; then
    previous="\${COMP_WORDS[COMP_CWORD - 2]}"
  fi
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then
    _marina_reply < <(compgen -W "${
    commands.map(({ name }) => name).join(" ")
  } --help --version" -- "$current")
    return
  fi
  case "\${COMP_WORDS[1]}" in
${commands.map(toCase).join("")}  esac
}

complete -F _marina marina
`;
}

function toCase({ name, flags, operands }: CompletionCommand): string {
  const cases = flags.filter(({ value }) => value !== "none").map(toFlagCase).join("");
  const previous = cases === "" ? "" : `      case "$previous" in\n${cases}      esac\n`;
  const names = flags.flatMap(({ names }) => names).join(" ");
  const words = typeof operands === "string" ? "" : ` ${operands.join(" ")}`;
  return `    ${name})\n${previous}` +
    (operands === "file"
      ? `      if [[ $current != -* ]]; then\n  ${toReply("file")}        return\n      fi\n`
      : "") +
    `      _marina_reply < <(compgen -W "${names}${words}" -- "$current")\n      ;;\n`;
}

function toFlagCase({ names, value, choices }: CompletionFlag): string {
  const reply = choices.length > 0
    ? `      _marina_reply < <(compgen -W "${choices.join(" ")}" -- "$current")\n`
    : toReply(value);
  return `        ${names.join(" | ")})\n    ${reply}          return\n          ;;\n`;
}

function toReply(value: CompletionFlag["value"]): string {
  const option = { file: "-f", folder: "-d", text: undefined, none: undefined }[value];
  if (option === undefined) return "      :\n";
  return `      compopt -o filenames 2>/dev/null; _marina_reply < <(compgen ${option} -- "$current")\n`;
}
