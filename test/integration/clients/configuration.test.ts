/** Settings and configuration files, right and wrong, with the capabilities of each client. */
import assert from 'node:assert/strict';
import { scenario } from '../../support/scenario.ts';
import { brokenIssues, makeBrokenWorkspace, makeWorkspace } from '../../support/workspace.ts';

const config = 'bulkhead.config.json';
const editorConfig = '.vscode/settings.json';

describe('every client, when its configuration changes,', function () {
  this.timeout(180_000);

  scenario('applies settings at once', makeBrokenWorkspace, async (client, { root }) => {
    const settings = (eslint: boolean) => ({
      typescript: { enable: true, engine: 'auto' },
      eslint: { enable: eslint },
      circular: { enable: true },
      maxWorkers: 0,
      memoryLimit: 0,
      exclude: [],
      node: '',
    });
    await client.open([root], { settings: settings(true), trusted: true });
    await client.shows(...brokenIssues);
    await client.configure(settings(false));
    await client.shows(...brokenIssues.filter((issue) => !issue.startsWith('src/loose.js')));
    await client.configure(settings(true));
    await client.shows(...brokenIssues);
  });

  scenario(
    'hears of a broken bulkhead.config.json and of a detector that fails, once, and continues without them',
    async () => {
      const workspace = await makeWorkspace({
        [config]: '{ "exclude": ',
        'eslint.config.js': "throw new Error('broken on purpose');\n",
        'package.json': '{ "type": "module" }',
        'x.js': 'let x = 1;\n',
      });
      await workspace.link({ eslint: 'eslint' });
      return workspace;
    },
    async (client, { root }) => {
      await client.open([root]);
      const { editor } = client;
      const about = (what: string): number => editor.messages.filter((message) => message.includes(what)).length;
      await client.until('the messages', () => about(config) > 0 && about('ESLint could not finish. broken on') > 0);
      await client.until('the issue', () => client.rules(config).includes('invalid-json'));
      await client.final();
      const { state, problems } = await client.status();
      assert.equal(state, 'problem');
      assert.ok(problems.some(({ uri = '', detector }) => uri.endsWith(config) && detector === undefined));
      for (const text of ['{ "exclude": ', '{}']) {
        await client.elsewhere({ [config]: text });
        await client.until('it is read', () => client.rules(config).length === (text === '{}' ? 0 : 1));
      }
      await client.final();
      assert.deepEqual([about(config), about('ESLint could not finish')], [1, 1]);
      assert.equal(editor.log.filter((line) => line.includes('broken on purpose')).length, 1);
    },
  );

  const severityOf = (severity: string): string =>
    JSON.stringify({ detectors: { circular: { rules: { 'import-cycle': severity, 'self-import': 'off' } } } });
  scenario(
    'shows mistakes in the configuration at their place, until they are corrected',
    () =>
      makeWorkspace({
        [config]: severityOf('warn'),
        [editorConfig]: '{ "bulkhead.knip.enabled": false }\n',
        'package.json': '{ "type": "module" }',
        'a.js': "import './b.js';\nimport './a.js';\n",
        'b.js': "import './a.js';\n",
      }),
    async (client, { root }) => {
      const settings = { circular: { rules: { 'import-cycles': 'off' } }, memoryLimit: 'much' };
      await client.open([root], { settings });
      await client.until('the issue of the file', () => client.rules(config).includes('invalid-value'));
      await client.until('that of the settings', () => client.rules(editorConfig).includes('unknown-option'));
      // The valid part of the file is in force.
      await client.until('the cycle', () => client.rules('b.js').includes('import-cycle'));
      assert.deepEqual(client.rules('a.js'), []);
      const log = client.editor.log.join('\n');
      assert.match(log, /bulkhead\.circular\.rules: Unknown rule: "import-cycles"\. Did you mean "import-cycle"\?/);
      assert.match(log, /bulkhead\.memoryLimit: Expected a whole number, found "much"\./);

      await client.elsewhere({ [config]: severityOf('off') });
      await client.until('no issue', () => client.rules(config).length === 0);
      await client.until('no cycle', () => client.rules('b.js').length === 0);

      await client.elsewhere({ [editorConfig]: '{ "bulkhead.knip.enable": false }\n' });
      await client.until('no issue', () => client.rules(editorConfig).length === 0);
    },
  );
});
