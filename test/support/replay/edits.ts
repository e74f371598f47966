/** What may happen to the text of a file in one edit: defects, repairs, changes of what others see, nonsense. */
import path from 'node:path';
import { applyEdits, modify, parse } from 'jsonc-parser';
import { pick, type Random } from './random.ts';

export interface EditContext {
  readonly random: Random;
  readonly file: string;
  /** As it was at the start; absent for files that were made since. */
  readonly original: string | undefined;
  /** Other modules. */
  readonly modules: readonly string[];
  /** Never the same number twice. */
  readonly next: () => number;
}

type Edit = (text: string, context: EditContext) => string;

const edits: readonly (readonly [weight: number, name: string, edit: Edit])[] = [
  [6, 'add', (text, context) => insert(text, context.random, snippet(context))],
  [3, 'append', (text, context) => `${text.trimEnd()}\n${snippet(context)}\n`],
  [3, 'move down', (text) => `\n// moved\n${text}`],
  [3, 'remove lines', (text, { random }) => splice(text, random, 1 + random(3))],
  [2, 'repeat a line', (text, { random }) => insert(text, random, pick(random, text.split('\n')))],
  [
    4,
    'rename an export',
    (text, { random, next }) => replaceOne(text, random, exported, (match) => `${match}${next()}`),
  ],
  [
    3,
    'another type',
    (text, { random }) =>
      replaceOne(text, random, /: (?:string|number|boolean)\b/g, () =>
        pick(random, [': string', ': number', ': boolean']),
      ),
  ],
  [2, 'another operator', (text, { random }) => replaceOne(text, random, /[!=]==/g, (match) => match.slice(0, 2))],
  [
    2,
    'another keyword',
    (text, { random }) => replaceOne(text, random, /\bconst\b/g, () => pick(random, ['let', 'var'])),
  ],
  [2, 'no await', (text, { random }) => replaceOne(text, random, /\bawait /g, () => '')],
  [3, 'remove an import', (text, { random }) => replaceOne(text, random, /^import .*\n/gm, () => '')],
  [
    2,
    'another import',
    (text, context) => replaceOne(text, context.random, /from '\.[^']*'/g, () => `from '${specifier(context)}'`),
  ],
  [
    1,
    'other line ends',
    (text) => (text.includes('\r\n') ? text.replaceAll('\r\n', '\n') : text.replaceAll('\n', '\r\n')),
  ],
  [1, 'cut', (text) => text.slice(0, Math.floor(text.length / 2))],
  [1, 'empty', () => ''],
  [5, 'as it was', (text, { original }) => original ?? text],
];

const exported = /(?<=^export (?:default )?(?:async )?(?:const|function|class|type|interface|enum) )\w+/gm;

/** @returns the text after one edit, and what it was */
export function edited(text: string, context: EditContext): { readonly name: string; readonly text: string } {
  const total = edits.reduce((sum, [weight]) => sum + weight, 0);
  let at = context.random(total);
  for (const [weight, name, edit] of edits) {
    at -= weight;
    if (at < 0) return { name, text: edit(text, context) };
  }
  throw new Error('The weights do not add up.');
}

/** A new module. */
export function newModule(context: EditContext): string {
  return `${Array.from({ length: 2 + context.random(3) }, () => snippet(context)).join('\n')}\n`;
}

/** One value of a JSON file set or taken away, comments kept. */
export function withJson(text: string, at: readonly string[], value: unknown): string {
  return applyEdits(text, modify(text, [...at], value, { formattingOptions: { insertSpaces: true, tabSize: 2 } }));
}

export function readJson(text: string): Readonly<Record<string, unknown>> {
  const value: unknown = parse(text, [], { allowTrailingComma: true });
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function snippet(context: EditContext): string {
  const { random, next } = context;
  const number = next();
  const typed = /\.[cm]?tsx?$/.test(context.file);
  return pick<() => string>(random, [
    () => (typed ? `export const value${number}: number = 'text';` : `export const value${number} = 'text' - 1;`),
    () => `var old${number} = 1;\nif (old${number} == 2) old${number} = 3;`,
    () => `import { nothing${number} } from './no-such-file-${number}';`,
    () => `import * as all${number} from '${specifier(context)}';`,
    () => `export * from '${specifier(context)}';`,
    () => `export function made${number}(a${typed ? ': string' : ''}) {\n  return a.length;\n}`,
    () => (typed ? `export type Made${number} = string | number;` : `export class Made${number} {}`),
    () =>
      typed ? `declare global {\n  interface Made {\n    member${number}: string;\n  }\n}\nexport {};` : 'export {};',
    () => `export async function later${number}() {\n  later${number}();\n}`,
    () => '// eslint-disable-next-line',
    () => '// bulkhead-ignore-next-line -- a test',
    () => `const unused${number} = require('no-such-package');`,
  ])();
}

/** Of another module, as this file would write it: with the extension, or without. */
function specifier({ random, file, modules }: EditContext): string {
  const target = modules.length === 0 ? file : pick(random, modules);
  const relative = path.posix.relative(path.posix.dirname(file), target);
  const dotted = relative.startsWith('.') ? relative : `./${relative}`;
  return random(2) === 0 ? dotted : dotted.replace(/\.[^./]+$/, '');
}

function insert(text: string, random: Random, line: string): string {
  const lines = text.split('\n');
  lines.splice(random(lines.length + 1), 0, line);
  return lines.join('\n');
}

function splice(text: string, random: Random, count: number): string {
  const lines = text.split('\n');
  lines.splice(random(lines.length), count);
  return lines.join('\n');
}

function replaceOne(text: string, random: Random, pattern: RegExp, replacement: (match: string) => string): string {
  const matches = [...text.matchAll(pattern)];
  if (matches.length === 0) return text;
  const match = pick(random, matches);
  return `${text.slice(0, match.index)}${replacement(match[0])}${text.slice(match.index + match[0].length)}`;
}
