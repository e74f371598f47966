/** What `external` may say, and what the engine makes of it. */
import assert from 'node:assert/strict';
import { emptyConfiguration, readConfiguration } from '../../../server/configuration/read.ts';
import { changeTriggersOf, classifyChange } from '../../../server/engine/change-triggers.ts';
import { detectorSettings } from '../../../server/engine/detector-settings.ts';
import { isPerFile, optionsOfTool, scopeOf } from '../../../workers/protocol/declared-tools.ts';
import type { ToolDeclaration } from '../../../workers/protocol/tool-declaration.ts';
import { presets } from '../../../workers/protocol/tool-presets.ts';
import { workspaceOf } from '../../integration/graph/workspace.ts';

async function read(external: object) {
  using workspace = workspaceOf({ 'bulkhead.config.json': { external } });
  const { external: tools, issues } = await readConfiguration(workspace.root);
  return { tools, problems: issues.map(({ range, message }) => `${range.start.line + 1}: ${message}`) };
}

describe('declared tools', () => {
  it('are presets, parts of presets, or commands', async () => {
    const { tools, problems } = await read({
      oxlint: true,
      ruff: { files: ['tools/**/*.py'], timeout: 10 },
      mine: { command: ['./lint.sh', '{files}'] },
      biome: false,
    });
    assert.deepEqual(problems, []);
    assert.equal(tools['oxlint'], presets['oxlint']?.tool);
    assert.deepEqual(tools['ruff'], { ...presets['ruff']?.tool, files: ['tools/**/*.py'], timeout: 10 });
    assert.deepEqual(tools['mine'], { command: ['./lint.sh', '{files}'] });
    assert.equal(tools['biome'], undefined);
  });

  it('that are wrong cost only themselves, and say what is wrong', async () => {
    const { tools, problems } = await read({
      eslint: { command: ['x'] },
      oxlnt: true,
      bare: {},
      glued: { command: ['x', '--files={files}'] },
      unclosed: { command: ['x'], pattern: '(' },
      groups: { command: ['x'], pattern: '(?<file>.+)' },
      'no name': { command: ['x'] },
      text: { command: 'ruff check' },
      odd: { command: ['x'], files: ['*.py'], outptu: 'sarif' },
      good: { command: ['x'] },
    });
    assert.deepEqual(Object.keys(tools), ['odd', 'good']);
    const text = problems.join('\n');
    assert.match(text, /eslint is a name of Bulkhead's own\. Choose another name\./);
    assert.match(
      text,
      /There is no preset "oxlnt"\. The presets are actionlint, .*\{"command": \["oxlnt", "\{files\}"\]\}/,
    );
    assert.match(text, /Missing option: "command"/);
    assert.match(text, /"--path=\{files\}" is neither/);
    assert.match(text, /no regular expression/);
    assert.match(text, /no group \(\?<line>…\) and no group \(\?<message>…\)/);
    assert.match(text, /A name consists of letters/);
    assert.match(text, /Expected an array, found "ruff check"/);
    assert.match(text, /Unknown option: "outptu"\. Did you mean "output"\?/);
  });

  it('run by themselves only what no detector runs already', () => {
    const external = { 'vue-tsc': presets['vue-tsc']?.tool, oxlint: presets['oxlint']?.tool };
    const ranBy = (detectors: Record<string, boolean>, only?: readonly string[]) => {
      const all = detectorSettings({ ...emptyConfiguration, external, detectors }, only === undefined ? {} : { only });
      return [...all.detectors].flatMap(([name, { tool }]) => (tool === undefined ? [] : [`${name} ${(tool as ToolDeclaration).ranBy ?? ''}`])); // prettier-ignore
    };
    assert.deepEqual(ranBy({}), ['vue-tsc typescript', 'oxlint ']);
    assert.deepEqual(ranBy({ typescript: false }), ['vue-tsc ', 'oxlint ']);
    assert.deepEqual(ranBy({}, ['vue-tsc']), ['vue-tsc ']);
    assert.deepEqual(ranBy({}, ['circular']), []);
  });

  it('are concerned by the files that they name', () => {
    const meaning = (tool: Omit<ToolDeclaration, 'command'>, file: string) =>
      classifyChange(changeTriggersOf('t', optionsOfTool({ command: ['t'], ...tool })), file, new Set());
    const python = { files: ['src/**/*.{py,pyi}', '!**/old.py'], configFiles: ['.lintrc', 'conf/*.toml'] };
    assert.equal(meaning(python, 'src/a.py'), 'content');
    assert.equal(meaning(python, 'src/a.PYI'), 'content');
    assert.equal(meaning(python, 'README.md'), 'none');
    assert.equal(meaning(python, 'deep/.lintrc'), 'configuration');
    assert.equal(meaning(python, 'conf/a.toml'), 'configuration');
    assert.equal(meaning(python, '.gitignore'), 'configuration');
    assert.equal(meaning({}, 'anything'), 'content');
    assert.equal(meaning({ files: ['src/**'] }, 'src/x'), 'content');
    assert.equal(meaning({ files: ['{a/b,c}'] }, 'b'), 'content');
    assert.equal(meaning({ files: ['Dockerfile'] }, 'x/Dockerfile'), 'content');
    assert.equal(meaning({}, 'node_modules/a/b.js'), 'none');
  });

  it('look at one file, many or the folder, as their command says', () => {
    const tool = (...words: string[]): ToolDeclaration => ({ command: ['t', ...words] });
    assert.equal(scopeOf(tool('{files}')), 'files');
    assert.equal(scopeOf(tool('--file={file}')), 'file');
    assert.equal(scopeOf(tool('.')), 'folder');
    assert.equal(isPerFile({ command: ['t'], output: 'bulkhead' }), false);
    assert.equal(isPerFile({ command: ['t'], output: 'bulkhead', files: ['**'] }), true);
  });
});
