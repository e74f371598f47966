/** One workspace with everything that has to come out as `eslint .` says it, for each version and kind of config. */
import type { Files } from './workspaces.ts';

/** A plugin with a rule that gives no end, one with a suggestion and a documentation page, and a Markdown processor. */
const PLUGIN = `
'use strict';
const fences = new Map();
module.exports = {
  meta: { name: 'eslint-plugin-local', version: '1.0.0' },
  rules: {
    where: {
      create: (context) => ({
        Identifier(node) {
          if (node.name === 'where') context.report({ node, message: context.filename ?? context.getFilename() });
        },
      }),
    },
    'no-todo': {
      meta: { docs: { url: 'https://example.org/no-todo' }, hasSuggestions: true, schema: [] },
      create: (context) => ({
        Identifier(node) {
          if (node.name === 'endless') context.report({ loc: { line: node.loc.start.line, column: node.loc.start.column }, message: 'No end.' });
          if (node.name === 'todo') {
            context.report({ node, message: 'Still to do.', suggest: [{ desc: 'Say done', fix: (fixer) => fixer.replaceText(node, 'done') }] });
          }
        },
      }),
    },
  },
  processors: {
    md: {
      supportsAutofix: true,
      preprocess(text, filename) {
        const blocks = [];
        const found = [];
        for (const match of text.matchAll(/\`\`\`js\\n([^]*?)\`\`\`/g)) {
          const start = match.index + 6;
          found.push({ start, line: text.slice(0, start).split('\\n').length - 1 });
          blocks.push({ text: match[1], filename: found.length - 1 + '.js' });
        }
        fences.set(filename, found);
        return blocks;
      },
      postprocess(messages, filename) {
        const found = fences.get(filename);
        return messages.flatMap((block, index) => block.map((message) => ({
          ...message,
          line: message.line + found[index].line,
          ...(message.endLine ? { endLine: message.endLine + found[index].line } : {}),
          ...(message.fix ? { fix: { ...message.fix, range: message.fix.range.map((offset) => offset + found[index].start) } } : {}),
        })));
      },
    },
  },
};
`;

const RULES = {
  'no-unused-vars': 'warn',
  semi: 'error',
  eqeqeq: 'error',
  'prefer-const': 'error',
  'no-useless-escape': 'error',
  'linebreak-style': ['error', 'unix'],
  'unicode-bom': ['error', 'never'],
  'local/no-todo': 'warn',
  'local/where': 'warn',
};

const SOURCES: Files = {
  'src/plain.js': 'let never = 1\nconst text = "\\d";\nif (text == 2) { todo(); endless(); }\n',
  'src/crlf.js': 'const a = 1;\r\nlet b = 2\r\nexport_(a, b);\r\n',
  'src/bom.js': '\uFEFFlet c = 1\nuse(c);\n',
  'src/separators.js': '// one\u2028let two = 2\u2029todo\nlet d = "\u2028"; d == two\nlet e = 1\n',
  'src/with space/ünï [x] (y) {z}!.js': 'let f = 1\n',
  'src/[id].js': 'g == 1;\n',
  'src/broken.js': 'const = 1;\n',
  'src/broken-end.js': 'function (',
  'src/empty.js': '',
  'src/clean.js': 'use(1);\n',
  'src/where.js': 'where();\n',
  'src/directives.js': [
    '/* eslint no-alert: 2, eqeqeq: [9], nope/nope: 2 */',
    '/* eslint-disable no-console, no-undef */',
    '// eslint-disable-next-line semi -- not needed',
    'alert(1);',
    'let h = 1 // eslint-disable-line semi, prefer-const, no-unused-vars',
    'h2 == 1; // eslint-disable-line',
    '',
  ].join('\n'),
  'src/suppressed.js': 'i == 1;\nj == 2;\n',
  'src/suppressed-too-few.js': 'k == 1;\nl == 2;\n',
  'src/suppressed-warning.js': '/* eslint eqeqeq: 1 */\nk == 1;\n',
  'src/module.mjs': 'export let m = 1\n',
  'src/common.cjs': 'let n = 1\n',
  'src/view.jsx': 'let o = 1\n',
  'src/typed.ts': 'let p = 1\n',
  'src/style.css': 'a { }\n',
  'src/.hidden.js': 'let q = 1\n',
  '.hidden.js': 'let r = 1\n',
  '.config/inside.js': 'let s = 1\n',
  'generated/ignored.js': 'let t = 1\n',
  'generated/deep/ignored.js': 'let t = 1\n',
  'partly/ignored.js': 'let u = 1\n',
  'partly/kept.js': 'let v = 1\n',
  'lib/node_modules/package/index.js': 'let w = 1\n',
  'node_modules/package/index.js': 'let x = 1\n',
  'docs/page.md': '# Page\n\n```js\nlet y = 1\n```\n\ntext\n\n```js\nz == 1;\ntodo();\n```\n',
  'node_modules/eslint-plugin-local/index.js': PLUGIN,
  'node_modules/eslint-plugin-local/package.json': '{ "name": "eslint-plugin-local", "version": "1.0.0" }',
  'eslint-suppressions.json': JSON.stringify({
    'src/suppressed.js': { eqeqeq: { count: 2 } },
    'src/suppressed-too-few.js': { eqeqeq: { count: 1 } },
    'src/suppressed-warning.js': { eqeqeq: { count: 1 } },
  }),
  '.eslintcache': 'the user\u2019s own',
};

export const FLAT_EVERYTHING: Files = {
  ...SOURCES,
  'eslint.config.mjs': `
    import local from 'eslint-plugin-local';
    export default [
      { ignores: ['generated/', 'partly/*', '!partly/kept.js'] },
      { plugins: { local }, linterOptions: { reportUnusedDisableDirectives: 'warn' }, rules: ${JSON.stringify(RULES)} },
      { files: ['**/*.jsx', 'src/*.ts'], rules: { 'no-unused-vars': 'off' } },
      { files: ['**/*.md'], plugins: { local }, processor: 'local/md' },
    ];`,
};

export const ESLINTRC_EVERYTHING: Files = {
  ...SOURCES,
  '.eslintrc.json': JSON.stringify({
    root: true,
    plugins: ['local'],
    parserOptions: { ecmaVersion: 2022, sourceType: 'module' },
    ignorePatterns: ['partly/*', '!partly/kept.js', '!.hidden.js'],
    reportUnusedDisableDirectives: true,
    rules: RULES,
    overrides: [
      { files: ['*.jsx', 'src/*.ts'], rules: { 'no-unused-vars': 'off' } },
      { files: ['*.md'], processor: 'local/md' },
    ],
  }),
  '.eslintignore': 'generated/\n',
};

/** The same for a version that does not know all of the language. */
export const OLD_ESLINTRC_EVERYTHING: Files = {
  ...ESLINTRC_EVERYTHING,
  '.eslintrc.json': (ESLINTRC_EVERYTHING['.eslintrc.json'] ?? '').replace('2022', '2021'),
};
