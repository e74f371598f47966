/** The lint configuration refuses each import that scripts/layers.mjs forbids. That the sources have none is lint's to say. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { ESLint } from 'eslint';
import { folderOf, forbiddenArrows, layers } from '../../../scripts/layers.mjs';

const root = path.resolve(import.meta.dirname, '../../..');
const rules = ['import-x/no-restricted-paths', 'no-restricted-syntax'];
const arrows = forbiddenArrows();
const folders = [...new Set(arrows.map(({ from }) => from))];

/** Of a folder, some source that is neither a manifest nor the list of them. */
function fileOf(name: string): string {
  const folder = folderOf(name);
  const file = readdirSync(folder, { recursive: !name.endsWith('/*'), encoding: 'utf8' })
    .sort()
    .find((entry) => /\.ts$/.test(entry) && !/(?:^|[/\\])manifests?\.ts$|fixtures/.test(entry));
  assert.ok(file !== undefined, `${name} has no source`);
  return path.join(folder, file);
}

function specifier(from: string, to: string): string {
  const relative = path.relative(path.dirname(from), to).replaceAll(path.sep, '/');
  return relative.startsWith('.') ? relative : `./${relative}`;
}

describe('layers', function () {
  this.timeout(120_000);
  const eslint = new ESLint({
    cwd: root,
    ruleFilter: ({ ruleId }) => rules.includes(ruleId),
    // The rules need no types, which take most of the time.
    overrideConfig: { languageOptions: { parserOptions: { projectService: false } } },
  });

  async function refusedLines(file: string, lines: readonly string[]): Promise<readonly number[]> {
    const [result] = await eslint.lintText(`${lines.join('\n')}\n`, { filePath: file });
    assert.ok(result);
    assert.deepEqual(
      result.messages.filter(({ fatal }) => fatal),
      [],
    );
    const refused = result.messages.filter(({ ruleId }) => ruleId !== null && rules.includes(ruleId));
    return [...new Set(refused.map(({ line }) => line))];
  }

  it('every folder with sources belongs to one', () => {
    const known = new Set(Object.keys(layers));
    for (const top of ['client', 'server', 'workers']) {
      for (const entry of readdirSync(path.join(root, top), { recursive: true, withFileTypes: true })) {
        const folder = path.relative(root, entry.parentPath).replaceAll(path.sep, '/');
        if (!entry.isFile() || folder.includes('/fixtures/')) continue;
        // Lint looks at the imports of no other language.
        assert.match(entry.name, /\.(?:ts|json|md|css)$/, folder);
        if (!entry.name.endsWith('.ts')) continue;
        const parts = folder.split('/');
        const prefixes = parts.map((_, index) => parts.slice(0, index + 1).join('/'));
        assert.ok(prefixes.some((prefix) => known.has(prefix)) || known.has(`${folder}/*`), `${folder}/${entry.name}`);
      }
    }
  });

  for (const from of folders) {
    it(`${from} may not import what is not below it`, async () => {
      const file = fileOf(from);
      const targets = arrows.filter((arrow) => arrow.from === from).map(({ to }) => to);
      const lines = targets.map((to) => `import '${specifier(file, fileOf(to))}';`);
      const refused = await refusedLines(file, lines);
      assert.deepEqual(
        targets.filter((_, index) => !refused.includes(index + 1)),
        [],
      );
    });
  }

  it('whatever form the import has', async () => {
    const file = path.join(root, 'server/engine/engine.ts');
    const target = specifier(file, path.join(root, 'workers/detectors/circular/index.ts'));
    const lines = [
      `import { detector } from '${target}';`,
      `import type { detector as Type } from '${target}';`,
      `export * from '${target}';`,
      `export { detector as other } from '${target}';`,
      `void import('${target}');`,
      `void import(\`${target}\`);`,
      `void import('${target.slice(0, -3)}' + '.ts');`,
      `export type Hidden = import('${target}').detector;`,
      `export * from '${target.replace(/ts$/, 'js')}';`,
      `import '${path.posix.dirname(target)}';`,
      `import 'bulkhead';`,
      `export * from 'bulkhead/workers';`,
      `import '../../test/support/workspace.ts';`,
      `import '../../scripts/layers.mjs';`,
    ];
    assert.deepEqual(
      await refusedLines(file, lines),
      lines.map((_, index) => index + 1),
    );
  });

  it('a manifest brings no code', async () => {
    const file = path.join(root, 'workers/detectors/circular/manifest.ts');
    const targets = ['./index.ts', '../../graph/index.ts', '../eslint/manifest.ts', '../../protocol/manifest.ts'];
    const refused = await refusedLines(
      file,
      targets.map((target) => `import '${target}';`),
    );
    assert.deepEqual(refused, [1, 2, 3]);
  });

  it('the architecture names every folder', () => {
    const text = readFileSync(path.join(root, 'docs/architecture.md'), 'utf8');
    for (const name of Object.keys(layers)) {
      const folder = name.replace(/\/\*$/, '');
      assert.ok(text.includes(folder.startsWith('workers/detectors/') ? 'workers/detectors' : folder), folder);
    }
  });
});
