import assert from 'node:assert/strict';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { FolderWatcher } from '../../../server/folder/watcher.ts';
import type { CheckReport } from '../../../server/cli/result.ts';
import type { FileChange } from '../../../server/journal.ts';
import type { Issue } from '../../../workers/protocol/detector-protocol.ts';
import { checkJson, startCli, type RunningCli } from '../../support/cli.ts';
import { patienceMs } from '../../support/patience.ts';
import { alive, descendantsOf, until } from '../../support/processes.ts';
import { makeBrokenWorkspace, makeWorkspace } from '../../support/workspace.ts';

interface Line {
  readonly type: string;
  readonly issue?: Issue;
  readonly files?: readonly string[];
  readonly summary?: CheckReport['summary'];
}

/** Keeps the issues that the lines of a watching check tell. */
class Watching {
  readonly running: RunningCli;
  readonly shown = new Map<string, number>();
  readonly changes: (readonly string[])[] = [];
  last: CheckReport['summary'] | undefined;
  #round = Promise.withResolvers<void>();

  constructor(root: string) {
    this.running = startCli(['check', root, '--watch', '--format', 'jsonl']);
    createInterface({ input: this.running.child.stdout }).on('line', (text) => this.#take(JSON.parse(text) as Line));
  }

  get issues(): readonly string[] {
    return [...this.shown].flatMap(([issue, count]) => Array.from({ length: count }, () => issue)).sort();
  }

  /** Rounds until something holds after one. */
  async until(what: string, condition: () => boolean): Promise<void> {
    const timer = setTimeout(() => {
      this.#round.reject(new Error(`In vain: ${what}\n${JSON.stringify(this.issues.map(brief))}`));
    }, patienceMs);
    while (this.last === undefined || !condition()) await this.#round.promise;
    clearTimeout(timer);
  }

  #take({ type, issue, files, summary }: Line): void {
    if (issue) {
      const key = JSON.stringify(issue);
      const count = (this.shown.get(key) ?? 0) + (type === 'issue' ? 1 : -1);
      assert.ok(count >= 0, 'gone before it was there');
      if (count === 0) this.shown.delete(key);
      else this.shown.set(key, count);
    }
    if (type === 'change') this.changes.push(files ?? []);
    if (type !== 'summary') return;
    this.last = summary;
    const round = this.#round;
    this.#round = Promise.withResolvers();
    round.resolve();
  }
}

const brief = (text: string): string => {
  const { file, rule } = JSON.parse(text) as Issue;
  return `${file} ${rule}`;
};

describe('bulkhead check --watch', function () {
  this.timeout(120_000);

  it('reports new and fixed issues, ends with those of a new check, and leaves no process behind', async () => {
    await using workspace = await makeBrokenWorkspace();
    const { root } = workspace;
    const watching = new Watching(root);
    const has = (line: string): boolean => watching.issues.map(brief).includes(line);
    await watching.until('the first round', () => has('src/types.ts TS2322') && has('src/loose.js eqeqeq'));
    assert.equal(watching.last?.exitCode, 1);

    await workspace.write({ 'src/types.ts': 'export const count: number = 3;\n' });
    await watching.until('the mended file', () => !has('src/types.ts TS2322'));
    assert.ok(watching.changes.flat().includes('src/types.ts'));
    await workspace.write({ 'src/made/here.js': 'var made = 1;\n' });
    await watching.until('a file in a new folder', () => has('src/made/here.js no-var'));
    await rename(path.join(root, 'src/made'), path.join(root, 'src/moved'));
    await watching.until(
      'a folder that moved',
      () => has('src/moved/here.js no-var') && !has('src/made/here.js no-var'),
    );
    await workspace.write({ 'bulkhead.config.json': '{ "exclude": ["src/moved"] }' });
    await watching.until('the configuration', () => !has('src/moved/here.js no-var'));

    const { report } = await checkJson(root);
    const cold = report.issues.map((issue) => JSON.stringify(issue)).sort();
    await watching.until('the same as a new check', () => watching.issues.join('\n') === cold.join('\n'));

    const { child, result } = watching.running;
    const workers = descendantsOf(child.pid ?? 0);
    assert.ok(workers.length > 0);
    child.kill('SIGINT');
    assert.equal((await result).code, 130);
    await until('workers are gone', () => workers.every(({ pid }) => !alive(pid)));
  });

  it('prints all rounds without control characters if the output is not a terminal', async () => {
    await using workspace = await makeBrokenWorkspace();
    const { child, result } = startCli(['check', workspace.root, '--watch', '--detectors', 'eslint']);
    let text = '';
    child.stdout.on('data', (more: string) => (text += more));
    const rounds = (): number => text.split('Watching for changes. Press Ctrl+C to stop.\n').length - 1;
    await until('the first round', () => rounds() === 1);
    await workspace.write({ 'src/loose.js': 'let loose = 1;\nif (loose == 2) loose = 3;\n' });
    await until('the second round', () => rounds() >= 2);
    child.kill('SIGINT');
    const { code, stdout } = await result;
    assert.equal(code, 130);
    assert.match(
      stdout,
      /Changed: src\/loose\.js\n\nsrc\/loose\.js\n +2:11 +error .* eslint\/eqeqeq\n\n1 error in 1 file/,
    );
    assert.ok(!stdout.includes('\u001B'));
  });
});

/** One watch of a whole tree is what macOS and Windows have; here it is Node's imitation of it. */
for (const recursive of [false, true]) {
  it(`the watcher of a folder reports all changes, with one watch${recursive ? '' : ' per folder'}`, async function () {
    this.timeout(60_000);
    await using workspace = await makeWorkspace({ 'a.ts': '', 'in/b.ts': '', 'in/deep/c.ts': '' });
    const { root } = workspace;
    const seen = new Map<string, FileChange['kind']>();
    const saw = (expected: Readonly<Record<string, FileChange['kind']>>): Promise<void> =>
      until(
        JSON.stringify(expected),
        () => Object.entries(expected).every(([file, kind]) => seen.get(file) === kind),
        30_000,
      );
    using _watcher = await FolderWatcher.start(root, {
      recursive,
      onChanges: (changes) => {
        for (const { file, kind } of changes) seen.set(file, kind);
      },
      onError: (error) => assert.fail(error),
    });
    await writeFile(path.join(root, 'a.ts'), '1');
    await writeFile(path.join(root, 'in/deep/c.ts'), '1');
    await saw({ 'a.ts': 'changed', 'in/deep/c.ts': 'changed' });
    await workspace.write({ 'new/er/d.ts': '', 'node_modules/e.ts': '', '.git/f': '' });
    await saw({ 'new/er/d.ts': 'created' });
    await workspace.write({ 'new/er/d.ts': '1' });
    await saw({ 'new/er/d.ts': 'changed' });
    await rename(path.join(root, 'in'), path.join(root, 'out'));
    await saw({ 'out/b.ts': 'created', 'out/deep/c.ts': 'created' });
    await until('the folder is gone', () => ['in', 'in/b.ts'].some((name) => seen.get(name) === 'deleted'));
    await rm(path.join(root, 'out/b.ts'));
    await mkdir(path.join(root, 'empty'));
    await saw({ 'out/b.ts': 'deleted' });
    // The folder itself tells that an installation has begun.
    assert.deepEqual(
      [...seen.keys()].filter((name) => /node_modules\/|\.git/.test(name)),
      [],
    );
  });
}
