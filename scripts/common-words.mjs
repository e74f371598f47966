// Writes server/mcp/common-words.ts: words and runs of signs that are one token for every language model, so that answers to
// agents are not cut far below their limit. Counted are the texts that answers quote: messages, names, pages of rules, JSON.
// Run it when a vocabulary of the development dependency `ai-tokenizer` changes.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Tokenizer } from 'ai-tokenizer';
import * as claude from 'ai-tokenizer/encoding/claude';
import * as cl100k from 'ai-tokenizer/encoding/cl100k_base';
import * as o200k from 'ai-tokenizer/encoding/o200k_base';

const root = path.resolve(import.meta.dirname, '..');
const vocabularies = [claude, o200k, cl100k].map((encoding) => new Tokenizer(encoding));
/** Words that are kept, the most frequent of those that cost less so. */
const most = 2500;

const filesIn = (folder, pattern) =>
  readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => pattern.test(file))
    .sort()
    .map((file) => path.join(root, folder, file));
const texts = [
  ...filesIn('docs', /\.md$/),
  ...filesIn('server', /\.ts$/),
  ...filesIn('node_modules/eslint/lib/rules', /\.js$/),
  ...filesIn('node_modules/@typescript-eslint/eslint-plugin/dist/rules', /\.js$/),
  ...filesIn('node_modules/vue/dist', /cjs\.js$/),
].map((file) => readFileSync(file, 'utf8'));
const compiler = readFileSync(path.join(root, 'node_modules/typescript/lib/typescript.js'), 'utf8');
const messages = [...compiler.matchAll(/diag\(\d+, \d \/\*.*?\*\/, "\w+", "(.*?)"/g)].map(([, message]) => message);
texts.push(messages.join('\n').repeat(5), filesIn('node_modules/typescript-eslint', /\.\w+$/).join('\n'));

const isOne = (text) => vocabularies.every((vocabulary) => vocabulary.count(text) === 1);
const capital = (word) => word[0].toUpperCase() + word.slice(1);

function frequent(pattern, key = (text) => text) {
  const counts = new Map();
  for (const text of texts)
    for (const [piece] of text.matchAll(pattern)) counts.set(key(piece), (counts.get(key(piece)) ?? 0) + 1);
  return [...counts].filter(([, count]) => count > 3).sort(([, one], [, other]) => other - one).map(([piece]) => piece); // prettier-ignore
}

// In the forms that a name has it in, too: ` word`, `word`, `Word`.
const words = frequent(/[A-Z]?[a-z]{2,}/g, (word) => word.toLowerCase())
  .filter((word) => word.length > 3 && [` ${word}`, word].every(isOne))
  .slice(0, most)
  .sort()
  .map((word) => ([capital(word), ` ${capital(word)}`].every(isOne) ? word : `${word}_`));
const quoted = texts.map((text) =>
  JSON.stringify({ text: text.slice(0, 5000), a: [{ b: 'x', c: 1 }, { d: true }], e: {} }),
);
texts.push(...quoted.map((text) => text.repeat(20)));
// What is longer is made of these.
const signs = frequent(/ ?[!-/:-@[-`{-~]{1,6}/g)
  .filter((run) => run.length > 1 && isOne(run))
  .sort();

const lines = (list, between) =>
  list
    .join(between)
    .replaceAll(new RegExp(`(.{1,100})(${between}|$)`, 'g'), (_, line, end) => `  ${JSON.stringify(line + end)} +\n`)
    .replace(/ \+\n$/, '');
writeFileSync(
  path.join(root, 'server/mcp/common-words.ts'),
  `/** Written by scripts/common-words.mjs: what is one token for every language model. Data only. */

/** Separated by spaces. Also with a capital, and after a space. */
export const commonWords =
${lines(words, ' ')};

/** Separated by tabs: some begin with a space. */
export const commonSigns =
${lines(signs, '\t')};
`,
);
console.log(`${words.length} words, ${signs.length} runs of signs`);
