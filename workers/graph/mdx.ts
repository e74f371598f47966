/** The code of an MDX file: blocks of `import` and `export` at the start of a line, outside of fenced examples. Pure. */

interface Block {
  readonly start: number;
  readonly end: number;
}

export function blocksOfMdx(text: string): readonly Block[] {
  const blocks: Block[] = [];
  let fence: string | undefined;
  let start: number | undefined;
  let at = text.startsWith('---') ? Math.max(text.indexOf('\n---', 3), 0) : 0;
  const close = (end: number): void => {
    // A paragraph may begin with one of these words.
    if (start !== undefined && STATEMENT.test(text.slice(start, end))) blocks.push({ start, end });
    start = undefined;
  };
  while (at < text.length) {
    const end = (text.indexOf('\n', at) + 1 || text.length + 1) - 1;
    const line = text.slice(at, end);
    const mark = /^ {0,3}(`{3,}|~{3,})/.exec(line)?.[1];
    if (fence !== undefined) {
      if (mark?.startsWith(fence) === true) fence = undefined;
    } else if (mark !== undefined) {
      close(at);
      fence = mark;
    } else if (line.trim() === '') close(at);
    else if (start === undefined && /^(?:import|export)\b/.test(line)) start = at;
    at = end + 1;
  }
  close(text.length);
  return blocks;
}

const STATEMENT =
  /^(?:import\s*(?:['"]|[\w$*{][^'"]*?\bfrom\s*['"])|export\s*(?:default\b|const\b|let\b|var\b|function\b|async\b|class\b|[*{]))/;
