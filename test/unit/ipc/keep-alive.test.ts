/** A host that forgets `close()` ends all the same, and its workers with it; one that waits for its worker does not end. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { DriverName } from '../../../workers/ipc/index.ts';
import { patienceMs } from '../../support/patience.ts';
import { fixturePath } from './support.ts';

interface Outcome {
  readonly code: number | null;
  readonly output: string;
  readonly ended: boolean;
}

function run(argv: readonly string[], ms = patienceMs): Promise<Outcome> {
  const host = spawn(process.execPath, [fixturePath('forgets-close.ts'), ...argv], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  host.stdout.on('data', (text: Buffer) => (output += text.toString()));
  host.stderr.on('data', (text: Buffer) => (output += text.toString()));
  let ended = true;
  const timer = setTimeout(() => {
    ended = false;
    host.kill('SIGKILL');
  }, ms);
  return new Promise((resolve) =>
    host.once('close', (code) => {
      clearTimeout(timer);
      resolve({ code, output, ended });
    }),
  );
}

describe('a worker that nobody closes', function () {
  this.timeout(2 * patienceMs);
  let folder: string;
  before(() => (folder = mkdtempSync(path.join(os.tmpdir(), 'keep-alive-'))));
  after(() => rmSync(folder, { recursive: true }));

  for (const driver of ['child-process', 'stdio', 'worker-threads', 'inline'] as const satisfies DriverName[]) {
    it(`${driver}: lets its host end when it is idle, and is closed itself`, async () => {
      const closedFile = path.join(folder, driver);
      const { code, output, ended } = await run([driver, 'forget', closedFile]);
      assert.ok(ended, output);
      assert.equal(output, '1\ndone\n');
      assert.equal(code, 0);
      assert.ok(existsSync(closedFile), 'onClose was called');
    });

    it(`${driver}: keeps its host while a request is in work, while it is closed and while it is killed`, async () => {
      const outcomes = await Promise.all(['wait', 'close', 'kill'].map((what) => run([driver, what])));
      assert.deepEqual(
        outcomes.map(({ output }) => output),
        ['1\na,b,c\n2\ndone\n', '1\nclosed\ndone\n', '1\nkilled\ndone\n'],
      );
      assert.deepEqual(
        outcomes.map(({ code }) => code),
        [0, 0, 0],
      );
    });

    it(`${driver}: keeps its host by ref(), and not even at work after unref()`, async () => {
      const [held, released] = await Promise.all([run([driver, 'ref'], 2_000), run([driver, 'unref'])]);
      assert.equal(held.ended, false, 'ref');
      assert.ok(released.ended, 'unref');
      assert.equal(released.output, '1\ndone\n');
    });

    it(`${driver}: lets its host end after starts that failed`, async () => {
      const { code, output, ended } = await run([driver, 'refused']);
      assert.ok(ended, output);
      assert.deepEqual([code, output], [0, 'done\n']);
    });
  }

  it('a pool lets its host end too', async () => {
    for (const driver of ['child-process', 'worker-threads']) {
      const { ended, output } = await run([driver, 'pool']);
      assert.ok(ended, output);
      assert.equal(output, '[ 1, 2 ]\ndone\n');
    }
  });
});
