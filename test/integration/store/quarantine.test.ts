/** The quarantine as processes share it: each has a pool of its own, and all have the store of one root open. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { DATABASE_NAME } from '../../../server/store/database-file.ts';
import { Connection } from '../../../server/store/sqlite.ts';
import { startCli } from '../../support/cli.ts';
import { Editor } from '../../support/lsp-client.ts';
import { makeWorkspace } from '../../support/workspace.ts';
import { temporaryFolders } from '../../unit/store/support.ts';
import { startScript } from './processes.ts';

describe('store: quarantine', function () {
  this.timeout(120_000);
  const folder = temporaryFolders();
  let root: string;
  let dir: string;

  beforeEach(() => {
    root = folder();
    dir = path.join(folder(), 'store');
    for (const [name, behaviour] of Object.entries({ 'a.job': 'exit-1', 'b.job': 'exit-1', 'well.job': 'well' })) {
      writeFileSync(path.join(root, name), `${behaviour}\n`);
    }
  });

  const check = async (...files: readonly string[]): Promise<{ quarantined: readonly string[]; deaths: number }> => {
    const script = startScript('quarantining.ts', [root, dir, ...files]);
    await script.ended();
    return JSON.parse(script.lines.at(-1) ?? '') as { quarantined: readonly string[]; deaths: number };
  };

  it('keeps what two processes add at the same time, and a third one skips both', async () => {
    const added = await Promise.all([check('a.job', 'well.job'), check('b.job', 'well.job')]);
    assert.deepEqual(
      added.map(({ quarantined, deaths }) => [quarantined, deaths]),
      [
        [['a.job'], 2],
        [['b.job'], 2],
      ],
    );
    assert.deepEqual(await check('a.job', 'b.job', 'well.job'), { quarantined: ['a.job', 'b.job'], deaths: 0 });
  });

  it('retries an input whose record is damaged, and stores it again', async () => {
    await check('a.job', 'b.job');
    damage(path.join(dir, DATABASE_NAME), 'a.job');
    assert.deepEqual(await check('a.job', 'b.job', 'well.job'), { quarantined: ['a.job', 'b.job'], deaths: 2 });
    assert.deepEqual(await check('a.job', 'b.job', 'well.job'), { quarantined: ['a.job', 'b.job'], deaths: 0 });
  });

  it('is shared by the terminal and the editor, listed and cleared by `bulkhead cache`', async () => {
    // Outside of the root, where it is not part of what is analysed.
    const notes = path.join(folder(), 'deaths');
    await using workspace = await makeWorkspace({
      'package.json': '{ "name": "poisoned", "private": true, "type": "module" }\n',
      'eslint.config.js': `import { appendFileSync } from 'node:fs';
        const die = (context) => ({ Program() {
          if (!context.filename.endsWith('bad.js')) return;
          appendFileSync(${JSON.stringify(notes)}, 'x');
          process.exit(7);
        } });
        export default [{ plugins: { own: { rules: { die: { create: die } } } }, rules: { 'own/die': 'error' } }];\n`,
      'bad.js': 'export const bad = 1;\n',
      'good.js': 'export const good = 1;\n',
    });
    await workspace.link({ eslint: 'eslint' });
    const { root } = workspace;
    const deaths = (): number => (existsSync(notes) ? readFileSync(notes, 'utf8').length : 0);
    const terminal = async (...argv: readonly string[]): Promise<string> => {
      const env = { ...process.env, XDG_CACHE_HOME: dir, LOCALAPPDATA: dir, HOME: dir };
      return (await startCli([...argv], { cache: true, env }).result).stdout;
    };
    const editor = async (): Promise<readonly string[]> => {
      await using opened = new Editor();
      const storageDir = path.join(dir, 'editor');
      await opened.open([root], { initializationOptions: { storageDir, trusted: true } });
      await opened.settled();
      const rules = opened.rules(root, 'bad.js');
      await opened.shutdown();
      return rules;
    };
    const checked = ['check', root, '--detectors', 'eslint'] as const;
    assert.match(await terminal(...checked), /bad\.js/);
    assert.equal(deaths(), 2);
    assert.match(await terminal(...checked), /bad\.js/);
    assert.equal(deaths(), 2, 'the next run of the terminal does not pay');
    assert.match(await terminal('cache', 'info', root), /quarantined: bad\.js \(eslint\): ESLint exited/);
    assert.deepEqual([await editor(), await editor()], [['quarantined'], ['quarantined']]);
    assert.equal(deaths(), 4, 'the editor has a store of its own, and its next session does not pay');
    await terminal('cache', 'clear', root);
    assert.doesNotMatch(await terminal('cache', 'info', root), /quarantine/);
    await terminal(...checked);
    assert.equal(deaths(), 6);
  });
});

/** Another input is named, without the checksum that goes with it. */
function damage(file: string, of: string): void {
  const connection = new Connection(file);
  const sql = "UPDATE notes SET body = replace(body, ?, 'well.job') WHERE kind = 'quarantine' AND key LIKE ?";
  connection.run(sql, of, `%${of}`);
  assert.equal(connection.number('SELECT changes()'), 1);
  connection.close();
}
