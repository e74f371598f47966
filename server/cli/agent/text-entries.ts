/** Entries between two lines that mark them, in texts that are written by hand. */
import { parse, TomlError } from 'smol-toml';
import { isRecord } from '../../configuration/is-record.ts';
import { EntryError, type Entry } from './entry.ts';

interface Marks {
  readonly begin: string;
  readonly end: string;
}

const markdown: Marks = { begin: '<!-- bulkhead: begin -->', end: '<!-- bulkhead: end -->' };
const toml: Marks = { begin: '# bulkhead: begin', end: '# bulkhead: end' };

export const markdownBlock = block(markdown, [
  '## Problems of this workspace',
  '',
  'Bulkhead analyses this workspace in the background. After edits, ask the tool `problems` of the MCP server `bulkhead`',
  '(without it: `npx bulkhead check --changed`). Only `state: complete` proves that nothing is wrong. Leave no problem that',
  'was not there before.',
]);

const tomlBlock = block(toml, ['[mcp_servers.bulkhead]', 'command = "npx"', 'args = ["bulkhead", "mcp"]']);

/** The MCP server in the configuration of Codex. One that somebody has written there by hand stays as it is. */
export const tomlServer: Entry = {
  add: (text) => {
    const servers = parsed(text)['mcp_servers'];
    const isByHand = isRecord(servers) && 'bulkhead' in servers && !text.includes(toml.begin);
    if (isByHand) return text;
    const result = tomlBlock.add(text);
    parsed(result);
    return result;
  },
  remove: (text) => {
    parsed(text);
    return tomlBlock.remove(text);
  },
};

function block({ begin, end }: Marks, lines: readonly string[]): Entry {
  const pattern = new RegExp(`${escaped(begin)}[^]*?${escaped(end)}`);
  const ours = (eol: string): string => [begin, ...lines, end].join(eol);
  return {
    add: (text) => {
      const eol = text.includes('\r\n') ? '\r\n' : '\n';
      expectPairs(text, { begin, end });
      if (pattern.test(text)) return text.replace(pattern, () => ours(eol));
      const gap = text === '' ? '' : text.endsWith('\n') ? eol : eol + eol;
      return `${text}${gap}${ours(eol)}${eol}`;
    },
    remove: (text) => {
      expectPairs(text, { begin, end });
      return text.replace(new RegExp(`(?:^|(\\r?\\n)\\r?\\n?)${pattern.source}(?:\\r?\\n)?`), '$1');
    },
  };
}

/** Half a block would swallow what is between. */
function expectPairs(text: string, { begin, end }: Marks): void {
  const [begins, ends] = [begin, end].map((mark) => text.split(mark).length - 1);
  const isOrdered = text.indexOf(begin) <= text.indexOf(end);
  if (begins !== ends || (begins ?? 0) > 1 || !isOrdered)
    throw new EntryError(`the lines "${begin}" and "${end}" do not belong together`);
}

function parsed(text: string): Readonly<Record<string, unknown>> {
  try {
    return parse(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const [first = ''] = error.message.split('\n');
    throw new EntryError(`${error.line}:${error.column}: ${first}`, { cause: error });
  }
}

function escaped(text: string): string {
  return text.replaceAll(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`);
}
