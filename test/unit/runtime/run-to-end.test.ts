import assert from 'node:assert/strict';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { spawn } from 'node:child_process';
import { KilledChild } from '../../../workers/protocol/killed-child.ts';
import { runToEnd, TooMuchOutput } from '../../../workers/runtime/run-to-end.ts';

const never = new AbortController().signal;
const node = (code: string, more: { signal?: AbortSignal; input?: string } = {}): ReturnType<typeof runToEnd> =>
  runToEnd({ name: 'tool 1.0', command: process.execPath, args: ['-e', code], cwd: '.', signal: never, ...more });

describe('programs that detectors run', () => {
  it('give their output, and how they ended', async () => {
    assert.deepEqual(await node('console.log(1); console.error(2); process.exitCode = 3'), {
      failure: 'exit code 3',
      exitCode: 3,
      output: '1\n',
      errors: '2\n',
    });
    assert.equal((await node('0')).failure, undefined);
  });

  it("are nobody's fault if another process kills them, and their own if they abort", async function () {
    if (process.platform === 'win32') this.skip();
    for (const signal of ['SIGKILL', 'SIGTERM', 'SIGHUP'])
      await assert.rejects(node(`process.kill(process.pid, '${signal}'); setTimeout(() => {}, 1e6)`), KilledChild);
    assert.equal((await node('process.abort()')).failure, 'SIGABRT');
  });

  it('end with the check, whatever they do', async () => {
    const stop = new AbortController();
    const reason = new Error('enough');
    setTimeout(() => stop.abort(reason), 200);
    await assert.rejects(node("process.on('SIGTERM', () => {}); for (;;);", { signal: stop.signal }), reason);
  });

  it('may not print without end', async () => {
    await assert.rejects(node("const t = 'x'.repeat(1 << 20); const w = () => process.stdout.write(t, w); w()"), TooMuchOutput); // prettier-ignore
  });

  it('do not keep anybody waiting by what they leave behind', async () => {
    const code = "const left = require('child_process').spawn(process.execPath, ['-e', 'setTimeout(() => {}, 1e6)'], { stdio: 'inherit', detached: true }); left.unref(); console.log(left.pid)"; // prettier-ignore
    const left = Number((await node(code)).output);
    // Throws if it has ended: then it was waited for.
    process.kill(left, 'SIGKILL');
  });

  it('that cannot be started say why', async () => {
    await assert.rejects(runToEnd({ name: 'x', command: '/no/such/tool', args: [], cwd: '.', signal: never }), /ENOENT/); // prettier-ignore
  });

  it('take the worker with them', async function () {
    if (process.platform === 'win32') this.skip();
    const module = fileURLToPath(new URL('../../../workers/protocol/killed-child.ts', import.meta.url));
    const code = `import { KilledChild, sharingFate } from ${JSON.stringify(module)}; await sharingFate(Promise.reject(new KilledChild('tool', 'SIGKILL')))`; // prettier-ignore
    const worker = spawn(process.execPath, ['--input-type=module', '-e', code], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let stderr = '';
    worker.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    assert.deepEqual(await once(worker, 'close'), [null, 'SIGKILL']);
    assert.match(stderr, /^tool was killed by another process \(SIGKILL\)\. This worker ends with it/);
  });
});
