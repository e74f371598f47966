/** The base of detectors that check one file at a time. */
import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { ignoreFile, nothing } from '../../../workers/protocol/file-patterns.ts';
import { rulesOption, type DetectorManifest } from '../../../workers/protocol/manifest.ts';
import { fileDetector } from '../../../workers/runtime/file-detector.ts';
import { runDetector } from '../../support/run-detector.ts';
import { makeWorkspace } from '../../support/workspace.ts';

const manifest = {
  name: 'words',
  title: 'Words',
  kind: 'file',
  reports: 'words',
  source: 'a list',
  documentation: '',
  changes: { sources: /\.txt$/, configuration: ignoreFile, environment: nothing, planFiles: 'configuration', invalidates: 'unit' },
  untrusted: {},
  without: {},
  sandbox: { network: false, write: [], homeCaches: [], processes: false },
  worker: { group: 'words', count: 'cores', lanes: { light: { memoryFactor: 1, limits: {} } } },
  cached: true,
  options: {
    rules: rulesOption({
      bad: { default: 'warning', description: 'A bad word.' },
      ugly: { default: 'off', description: 'An ugly word.' },
    }),
    ignore: { type: 'array', items: { type: 'string' }, default: ['**/data/**'], description: 'Globs.' },
  },
} as const satisfies DetectorManifest; // prettier-ignore

const detector = fileDetector({
  manifest,
  version: '1',
  maximumBytes: 10_000,
  *check({ text, range }) {
    for (const { index, 0: rule } of text.matchAll(/(?<!# .*)(?:bad|ugly)/g)) {
      if (rule === 'bad' || rule === 'ugly') {
        yield { rule, message: `It is ${rule}.`, range: range(index, index + rule.length) };
      }
    }
  },
});

const files = {
  'a.txt': 'good\r\nso bad\r\nugly\r\n',
  'b/b.txt': '\uFEFFbad # bulkhead-ignore-line bad -- meant\n',
  'b/data/c.txt': 'bad',
  'generated/d.txt': 'bad',
  'ignored.txt': 'bad',
  'other.md': 'bad',
  '.gitignore': 'ignored.txt\n',
};

async function found(options: object, extra: Parameters<typeof runDetector>[3] = {}): Promise<readonly string[]> {
  await using workspace = await makeWorkspace(files);
  const { issues, problems } = await runDetector(detector, workspace.root, { ...options }, extra);
  assert.deepEqual(problems, []);
  return issues.map(
    ({ file, range, rule, severity }) => `${file}:${range.start.line}:${range.start.character} ${severity} ${rule}`,
  );
}

describe('a detector of single files', () => {
  it('checks the files of its pattern, except those that git, the options or the settings exclude', async () => {
    assert.deepEqual(await found({ exclude: ['generated/'] }), ['a.txt:1:3 warning bad']);
    assert.deepEqual(await found({ ignore: ['a.txt'] }), [
      'b/data/c.txt:0:0 warning bad',
      'generated/d.txt:0:0 warning bad',
    ]);
  });

  it('takes severities from the options', async () => {
    const exclude = ['generated'];
    assert.deepEqual(await found({ exclude, rules: { bad: 'off', ugly: 'error' } }), ['a.txt:2:0 error ugly']);
    assert.deepEqual(await found({ exclude, rules: { bad: 'loud' } }), ['a.txt:1:3 warning bad']);
  });

  it('checks unsaved text instead of the file', async () => {
    const overlays = [{ file: 'a.txt', text: 'bad bad', version: 2 }];
    assert.deepEqual(await found({ exclude: ['generated'] }, { overlays }), [
      'a.txt:0:0 warning bad',
      'a.txt:0:4 warning bad',
    ]);
  });

  it('does not count a byte order mark, like editors', async () => {
    await using workspace = await makeWorkspace({ 'a.txt': '\uFEFFbad' });
    const { issues } = await runDetector(detector, workspace.root);
    assert.deepEqual(
      issues.map(({ range }) => range.start.character),
      [0],
    );
  });

  it('reports a comment that suppresses nothing', async () => {
    const overlays = [{ file: 'a.txt', text: '# bulkhead-ignore-file bad', version: 2 }];
    assert.deepEqual(await found({ exclude: ['generated'] }, { overlays }), ['a.txt:0:0 warning unused-suppression']);
  });

  it('checks the most important files first, and reports each as done', async () => {
    await using workspace = await makeWorkspace(files);
    const { events } = await runDetector(detector, workspace.root, {}, { first: ['generated/d.txt', 'b/b.txt'] });
    const order = events.flatMap((event) => (event.kind === 'done' ? [event.file] : []));
    assert.deepEqual(order, ['generated/d.txt', 'b/b.txt', 'a.txt']);
  });

  it('stops between two files when it is cancelled', async () => {
    await using workspace = await makeWorkspace(files);
    const abort = new AbortController();
    let checked = 0;
    const slow = fileDetector({
      manifest,
      version: '1',
      check() {
        checked += 1;
        abort.abort();
        return [];
      },
    });
    await assert.rejects(runDetector(slow, workspace.root, {}, { signal: abort.signal }), { name: 'AbortError' });
    assert.equal(checked, 1);
  });

  it('reports files that are too large or unreadable, and completes deleted ones', async () => {
    await using workspace = await makeWorkspace({ 'large.txt': 'bad'.repeat(4000), 'gone.txt': 'bad', 'a.txt': 'bad' });
    const { plan } = await runDetector(detector, workspace.root);
    await rm(path.join(workspace.root, 'gone.txt'));
    // What is a folder by now cannot be read.
    await rm(path.join(workspace.root, 'a.txt'));
    await workspace.write({ 'a.txt/b': '' });
    const { issues, problems, events } = await runDetector(detector, workspace.root, {}, { units: plan.units });
    assert.deepEqual(issues, []);
    assert.deepEqual(
      problems.map(({ file, code, fatal }) => [file, code, fatal]),
      [
        ['a.txt', 'UNREADABLE', true],
        ['large.txt', 'UNREADABLE', false],
      ],
    );
    assert.equal(events.filter(({ kind }) => kind === 'done').length, 3);
  });

  it('is not applicable if no file matches', async () => {
    await using workspace = await makeWorkspace({ 'other.md': 'bad' });
    const { plan } = await runDetector(detector, workspace.root);
    assert.deepEqual([plan.status, plan.note], ['not-applicable', 'There are no files for Words to check.']);
  });
});
