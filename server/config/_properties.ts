import { type Node, type Pair, parseLines } from "dot-properties";

/** One `key=value` of a config file. */
export interface Setting {
  readonly key: string;
  /** Without blanks at its end, which Java would keep and then fail on. */
  readonly value: string;
  /** Where the key stands, from 1. */
  readonly line: number;
}

/** Reads Java properties: escapes, continued lines, all separators; a repeated key's last value stands. */
export function parseProperties(text: string): Setting[] {
  const settings = new Map<string, Setting>();
  let line = 1;
  let position = 0;
  for (const node of parseLines(text, true)) {
    if (!isPair(node)) continue;
    for (; position < node.range[0]; position++) if (text[position] === "\n") line++;
    settings.set(node.key, { key: node.key, value: node.value.trimEnd(), line });
  }
  return [...settings.values()];
}

function isPair(node: Required<Node>): node is Required<Pair> {
  return node.type === "PAIR";
}
