/** Scripts for shells, made of the commands' own tables of flags. */
export {
  type CompletionCommand,
  type CompletionFlag,
  createCompletionTable,
  type Shell,
  SHELLS,
  type ValueKind,
} from "./completion_table.ts";
export { createBashScript } from "./bash_script.ts";
export { createFishScript } from "./fish_script.ts";
export { createZshScript } from "./zsh_script.ts";
