/** The code blocks of a Markdown document. */

/** One fenced block. */
export interface DocBlock {
  /** The first word after the fence: `sh`, `json`, `ts`, … */
  readonly language: string;
  /** From `file=NAME` after the language: the block is that file's text. */
  readonly file?: string;
  readonly text: string;
  /** Of the opening fence, from 1. */
  readonly line: number;
}

/** Finds every fenced block, indented ones (in lists) too. */
export function parseDocBlocks(markdown: string): DocBlock[] {
  const blocks: DocBlock[] = [];
  const lines = markdown.split("\n");
  for (let i = 0; i < lines.length; i++) {
    const fence = /^( *)(`{3,})(\S*)(?: +file=(\S+))?\s*$/.exec(lines[i]!);
    if (fence === null) continue;
    const [, indent, ticks, language, file] = fence;
    const start = i + 1;
    while (++i < lines.length && lines[i]!.trim() !== ticks);
    const text = lines.slice(start, i).map((line) => line.slice(indent!.length)).join("\n") + "\n";
    blocks.push({ language: language!, file, text, line: start });
  }
  return blocks;
}
