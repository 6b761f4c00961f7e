import { basename } from "node:path";

/** Where the value of a setting comes from. */
export type Origin =
  | { readonly from: "default" }
  | { readonly from: "file" | "snapshot"; readonly path: string; readonly line: number }
  | { readonly from: "command line"; readonly flag: string }
  | { readonly from: "environment"; readonly variable: string };

/** `config.properties, line 7`, `--models`, `TS_LOAD_MODELS` or `default`. */
export function toOriginText(origin: Origin): string {
  switch (origin.from) {
    case "default":
      return "default";
    case "file":
      return `${basename(origin.path)}, line ${origin.line}`;
    case "snapshot":
      return `snapshot ${basename(origin.path)}, line ${origin.line}`;
    case "command line":
      return origin.flag;
    case "environment":
      return `environment variable ${origin.variable}`;
  }
}
