import { createBashScript } from "./bash_script.ts";
import {
  type CompletionCommand,
  createCompletionTable,
  type Shell,
  SHELLS,
} from "./completion_table.ts";
import { createFishScript } from "./fish_script.ts";
import { createZshScript } from "./zsh_script.ts";

const USAGE = `Usage: marina completions ${SHELLS.join("|")}

Prints a script that completes Marina's commands and flags:

  source <(marina completions bash)                                in ~/.bashrc
  source <(marina completions zsh)                                 in ~/.zshrc, after compinit
  marina completions fish > ~/.config/fish/completions/marina.fish
`;

const CREATE_SCRIPT_BY_SHELL: Readonly<
  Record<Shell, (commands: readonly CompletionCommand[]) => string>
> = { bash: createBashScript, zsh: createZshScript, fish: createFishScript };

/**
 * Runs `marina completions`: the script goes to stdout.
 *
 * @param args What follows the command's name.
 * @returns The exit code: 0 done, 2 wrong usage.
 */
export async function runCompletionsCommand(args: readonly string[]): Promise<number> {
  const [shell] = args;
  if (shell === "--help" || shell === "-h") {
    await write(Deno.stdout, USAGE);
    return 0;
  }
  if (args.length !== 1 || !isShell(shell)) {
    const known = SHELLS.map((name) => `"${name}"`).join(", ");
    await write(
      Deno.stderr,
      `${USAGE}\nmarina completions: error: Cannot complete for "${
        args.join(" ")
      }": known shells are ${known}\n`,
    );
    return 2;
  }
  await write(Deno.stdout, CREATE_SCRIPT_BY_SHELL[shell](createCompletionTable()));
  return 0;
}

function isShell(text: string | undefined): text is Shell {
  return (SHELLS as readonly (string | undefined)[]).includes(text);
}

async function write(stream: { write(bytes: Uint8Array): Promise<number> }, text: string) {
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length;) at += await stream.write(bytes.subarray(at));
}
