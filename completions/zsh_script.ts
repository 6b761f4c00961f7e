import type { CompletionCommand, CompletionFlag } from "./completion_table.ts";

/** For a file `_marina` on zsh's `fpath`, or `source <(marina completions zsh)` after `compinit`. */
export function createZshScript(commands: readonly CompletionCommand[]): string {
  return `#compdef marina
_marina() {
  local -a commands
  commands=(
${commands.map(({ name, help }) => `    ${quote(`${name}:${help}`)}\n`).join("")}  )
  if (( CURRENT == 2 )); then
    _describe command commands
    _arguments : '(- *)--help[Print the commands]' '(- *)--version[Print the version]'
    return
  fi
  local command=$words[2]
  shift words
  (( CURRENT-- ))
  case $command in
${commands.map(toCase).join("")}  esac
}

if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
  _marina "$@"
else
  compdef _marina marina
fi
`;
}

function toCase({ name, flags, operands }: CompletionCommand): string {
  const specs = flags.flatMap(toSpecs);
  if (operands === "file") specs.push(quote("*:file:_files"));
  else if (operands !== "none") specs.push(quote(`1:shell:(${operands.join(" ")})`));
  return `    ${name})\n      _arguments : \\\n${
    specs.map((spec) => `        ${spec}`).join(" \\\n")
  }\n      ;;\n`;
}

/** One spec a spelling: another of the same flag is not proposed any more. */
function toSpecs({ names, help, value, choices }: CompletionFlag): string[] {
  const text = help.replace(/[[\]\\]/g, "\\$&").replaceAll(":", "\\:");
  const action = choices.length > 0
    ? `(${choices.join(" ")})`
    : { file: "_files", folder: "_files -/", text: " ", none: "" }[value];
  return names.map((name) => {
    const assigned = value !== "none" && name.startsWith("--") ? "=" : "";
    const argument = value === "none" ? "" : `:${value}:${action}`;
    return quote(`(${names.join(" ")})${name}${assigned}[${text}]${argument}`);
  });
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
