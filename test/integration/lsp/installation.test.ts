/** What a check read is what an editor follows: installations, shared configurations, every kind of file, unsaved text. */
import assert from 'node:assert/strict';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { Editor } from '../../support/lsp-client.ts';
import { makeWorkspace } from '../../support/workspace.ts';

const strict = (isStrict: boolean): string =>
  JSON.stringify({
    compilerOptions: {
      ...{
        strict: isStrict,
        noEmit: true,
        module: 'ESNext',
        moduleResolution: 'bundler',
        target: 'ES2022',
        types: [],
        skipLibCheck: true,
      },
    },
  });

const language = `const word = { create: (context) => ({ root(node) {
  if (node.body.includes('bad')) context.report({ loc: node.loc, message: 'bad word' });
} }) };
const gql = {
  fileType: 'text', lineStart: 1, columnStart: 0, nodeTypeKey: 'type', validateLanguageOptions() {},
  matchesSelectorClass: () => false,
  parse: ({ body }) => ({ ok: true, ast: { type: 'root', range: [0, body.length], body,
    loc: { start: { line: 1, column: 0 }, end: { line: 1, column: 1 } } } }),
  createSourceCode: ({ body }, { ast }) => ({ text: body, ast, lines: [body], getLoc: ({ loc }) => loc,
    getRange: ({ range }) => range, getParent() {}, getAncestors: () => [],
    *traverse() { yield { kind: 1, target: ast, phase: 1, args: [ast] }; } }),
};
export default [{ files: ['**/*.gql'], language: 'g/gql', plugins: { g: { languages: { gql }, rules: { word } } },
  rules: { 'g/word': 'error' } }];
`;

describe('an editor follows what a check read', function () {
  this.timeout(180_000);

  it('an installation, and declarations that are generated in it', async () => {
    await using workspace = await makeWorkspace({
      'package.json': '{ "name": "w", "private": true, "dependencies": { "tiny": "1.0.0" } }',
      'package-lock.json': '{ "lockfileVersion": 3, "packages": { "node_modules/tiny": {} } }',
      'tsconfig.json': strict(true),
      'a.ts': "import { tiny } from 'tiny';\nexport const one: number = tiny((x) => x);\n",
    });
    const { root } = workspace;
    await using editor = new Editor();
    await editor.open([root], { initializationOptions: { settings: { eslint: { enable: false } } } });
    await editor.settled();
    const bare = await editor.atRest();
    assert.deepEqual(editor.rules(root, 'package.json'), ['not-installed']);
    assert.deepEqual(editor.rules(root, 'a.ts'), [], 'a callback has no type because of it');
    assert.deepEqual(
      [bare.state, bare.message],
      ['problem', "Nothing is installed, so answers are missing. Run 'npm ci'."],
    );
    assert.equal(bare.detectors.find(({ name }) => name === 'typescript')?.status, 'degraded');

    const types = (result: string): string => `export function tiny(work: (x: ${result}) => ${result}): ${result};\n`;
    const written = {
      'node_modules/tiny/package.json': '{ "name": "tiny", "version": "1.0.0", "types": "index.d.ts" }',
      'node_modules/tiny/index.d.ts': types('number'),
      'node_modules/.package-lock.json': '{}',
    };
    await workspace.write(written);
    const { analyses } = bare;
    await editor.watched(root, Object.fromEntries(Object.keys(written).map((file) => [file, 1])));
    await editor.until('the installation is followed', () => editor.rules(root, 'package.json').length === 0);
    await editor.settled();
    const installed = await editor.atRest();
    assert.deepEqual(editor.rules(root, 'a.ts'), []);
    assert.deepEqual([installed.state, installed.analyses], ['idle', analyses + 1]);

    await workspace.write({ 'node_modules/tiny/index.d.ts': types('string') });
    await editor.watched(root, { 'node_modules/tiny/index.d.ts': 2 });
    await editor.until('the declarations are read again', () => editor.rules(root, 'a.ts').join() === 'TS2322');
  });

  it('shared configurations by package name, unsaved text of another project, and any extension', async () => {
    const project = '{ "extends": "@repo/tsconfig/base.json", "include": ["src"] }';
    const typed = `import parser from '@typescript-eslint/parser';
import plugin from '@typescript-eslint/eslint-plugin';
import { rules } from './rules.js';
export default [{ files: ['**/*.ts'], languageOptions: { parser, parserOptions: { projectService: true } },
  plugins: { '@typescript-eslint': plugin }, rules }];
`;
    const rules = (level: string): string =>
      `export const rules = { '@typescript-eslint/no-floating-promises': 'error', 'no-console': '${level}' };\n`;
    await using workspace = await makeWorkspace({
      'package.json': '{ "name": "w", "private": true, "workspaces": ["apps/*", "packages/*"] }',
      'packages/eslint-config/package.json':
        '{ "name": "@repo/eslint-config", "type": "module", "exports": { "./base": "./base.js" } }',
      'packages/eslint-config/base.js': typed,
      'packages/eslint-config/rules.js': rules('error'),
      'packages/tsconfig/package.json': '{ "name": "@repo/tsconfig" }',
      'packages/tsconfig/base.json': strict(true),
      'packages/ui/package.json': '{ "name": "@repo/ui", "exports": { ".": "./src/index.ts" } }',
      'packages/ui/tsconfig.json': project,
      'packages/ui/src/index.ts': 'export async function load(): Promise<number> { return 1; }\n',
      'apps/web/package.json': '{ "name": "web", "type": "module" }',
      'apps/web/tsconfig.json': project,
      'apps/web/eslint.config.js': "import base from '@repo/eslint-config/base';\nexport default [...base];\n",
      'apps/web/src/m.ts': "import { load } from '@repo/ui';\nload();\nconsole.log((x?: string) => x.length);\n",
      'tools/package.json': '{ "name": "tools", "type": "module" }',
      'tools/eslint.config.js': language,
      'tools/a.gql': 'good\n',
    });
    const { root } = workspace;
    await workspace.link({
      ...{ eslint: 'eslint', typescript: 'typescript', '@typescript-eslint/parser': '@typescript-eslint/parser' },
      '@typescript-eslint/eslint-plugin': '@typescript-eslint/eslint-plugin',
    });
    await mkdir(path.join(root, 'node_modules/@repo'));
    for (const name of ['eslint-config', 'tsconfig', 'ui']) {
      await symlink(path.join(root, 'packages', name), path.join(root, 'node_modules/@repo', name), 'junction');
    }
    await using editor = new Editor();
    const enable = Object.fromEntries(
      ['circular', 'import', 'isolation', 'package', 'knip'].map((name) => [name, { enable: false }]),
    );
    await editor.open([root], { initializationOptions: { settings: enable } });
    const found = (file: string): string => editor.rules(root, file).join(' ');
    const shows = (file: string, expected: string): Promise<void> =>
      editor.until(`${file} shows ${expected}`, () => found(file) === expected);
    const change = async (file: string, text: string): Promise<void> => {
      await writeFile(path.join(root, file), text);
      await editor.watched(root, { [file]: 2 });
    };
    const web = 'apps/web/src/m.ts';
    await shows(web, '@typescript-eslint/no-floating-promises TS18048 no-console');

    await change('packages/tsconfig/base.json', strict(false));
    await shows(web, '@typescript-eslint/no-floating-promises no-console');
    await change('packages/eslint-config/rules.js', rules('off'));
    await shows(web, '@typescript-eslint/no-floating-promises');

    const ui = 'packages/ui/src/index.ts';
    const uri = pathToFileURL(path.join(root, ui)).href;
    const text = await readFile(path.join(root, ui), 'utf8');
    await editor.connection.sendNotification('textDocument/didOpen', {
      textDocument: { uri, languageId: 'typescript', version: 1, text },
    });
    await editor.connection.sendNotification('textDocument/didChange', {
      textDocument: { uri, version: 2 },
      contentChanges: [{ text: 'export function load(): number { return 1; }\n' }],
    });
    await shows(web, '');
    await editor.connection.sendNotification('textDocument/didClose', { textDocument: { uri } });
    await shows(web, '@typescript-eslint/no-floating-promises');

    const watched = editor.registrations.flatMap(({ registerOptions }) => {
      const { watchers = [] } = (registerOptions ?? {}) as { readonly watchers?: readonly { globPattern: string }[] };
      return watchers.map(({ globPattern }) => globPattern);
    });
    assert.ok(watched.includes('**/*.gql'), watched.join(' '));
    await change('tools/a.gql', 'bad\n');
    await shows('tools/a.gql', 'g/word');
  });
});
