/** How people break the configuration of a project: half typed, wrong values, what it names is gone. */
import { pick, type Random } from './random.ts';

type Break = readonly [name: string, text: (text: string) => string | undefined];

const halfTyped: Break = ['half typed', (text) => text.slice(0, Math.floor(text.length / 2))];
const empty: Break = ['empty', () => ''];
const removed: Break = ['removed', () => undefined];

/** By the file's name. `undefined` as a text: the file is gone. */
export const breaks: readonly (readonly [file: string, ways: readonly Break[]])[] = [
  [
    'tsconfig.json',
    [
      halfTyped,
      empty,
      removed,
      ['a wrong value', (text) => text.replace('"strict": true', '"strict": "yes"')],
      ['an unknown option', (text) => text.replace('"strict"', '"stricter"')],
      ['a base that is missing', (text) => text.replace('{', '{ "extends": "./no-such.json",')],
      ['a file that is missing', (text) => text.replace('"include": ["src"]', '"files": ["src/none.ts"]')],
      ['nothing to check', (text) => text.replace('["src"]', '["none"]')],
    ],
  ],
  [
    'eslint.config.js',
    [
      halfTyped,
      empty,
      removed,
      ['it throws', (text) => `throw new Error('broken on purpose');\n${text}`],
      ['a package that is missing', (text) => `import 'no-such-package';\n${text}`],
      ['an unknown rule', (text) => text.replace('eqeqeq', 'no-such-rule')],
      ['a wrong option', (text) => text.replace("eqeqeq: 'error'", "eqeqeq: ['error', 'sometimes']")],
      ['no list', () => 'export default 1;\n'],
    ],
  ],
  [
    'package.json',
    [
      halfTyped,
      empty,
      removed,
      ['no object', () => '[]\n'],
      ['a wrong value', (text) => text.replace('"version": "1.0.0"', '"version": 1, "dependencies": []')],
      ['another type', (text) => text.replace('"type": "module"', '"type": "commonjs"')],
    ],
  ],
  [
    'bulkhead.config.json',
    [
      ['half typed', () => '{ "exclude": ["src/'],
      ['an unknown key', () => '{ "detector": {} }\n'],
      ['a wrong value', () => '{ "detectors": { "eslint": "off" } }\n'],
      ['no object', () => '[]\n'],
      ['binary', () => '\u0000\u0001'],
    ],
  ],
];

export const configurationFiles: readonly string[] = breaks.map(([file]) => file);

/** Breaks one of the configuration files. @param original undefined: there was none */
export function broken(
  random: Random,
  original: (file: string) => string | undefined,
): { readonly file: string; readonly name: string; readonly text: string | undefined } {
  const [file, ways] = pick(random, breaks);
  const [name, change] = pick(random, ways);
  return { file, name, text: change(original(file) ?? '{}\n') };
}
