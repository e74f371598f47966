/** What depends on the platform, for each of them, and the small arithmetic. */
import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import fc from 'fast-check';
import { DriverError } from '../../../workers/ipc/index.ts';
import { mergeEnvironment } from '../../../workers/ipc/drivers/environment.ts';
import { onLines } from '../../../workers/ipc/drivers/lines.ts';
import { outOfMemoryKills } from '../../../workers/ipc/drivers/oom-kills.ts';
import { baseDirectories, checkSocketPath } from '../../../workers/ipc/drivers/socket-path.ts';
import { describeExit, isV8OutOfMemory } from '../../../workers/ipc/exit.ts';
import { fromWireError, toWireError } from '../../../workers/ipc/wire-errors.ts';
import { check } from './seed.ts';

describe('platform', () => {
  it('socket paths fit the system: 107 bytes on Linux, 103 elsewhere', () => {
    const path = (bytes: number): string => `/${'x'.repeat(bytes - 1)}`;
    checkSocketPath(path(107), 'linux');
    assert.throws(() => checkSocketPath(path(108), 'linux'), DriverError);
    checkSocketPath(path(103), 'darwin');
    assert.throws(() => checkSocketPath(path(104), 'darwin'), DriverError);
    assert.throws(() => checkSocketPath(`/${'ü'.repeat(60)}`, 'linux'), DriverError, 'bytes count, not characters');
  });

  it('on Windows they are named pipes', () => {
    checkSocketPath('\\\\.\\pipe\\mine', 'win32');
    checkSocketPath(`\\\\?\\pipe\\${'x'.repeat(200)}`, 'win32');
    assert.throws(() => checkSocketPath('C:\\temp\\socket', 'win32'), DriverError);
  });

  it('a temporary directory with a long name is not used', () => {
    assert.equal(
      baseDirectories('darwin', '/var/folders/zz/zyxvpxvq6csfxvn_n0000000000000/T')[0],
      '/var/folders/zz/zyxvpxvq6csfxvn_n0000000000000/T',
    );
    assert.deepEqual(baseDirectories('linux', `/home/${'x'.repeat(90)}`), ['/tmp', '/var/tmp']);
  });

  it('environment names are equal in any case on Windows only', () => {
    const base = { Path: 'a', HOME: 'h' };
    assert.deepEqual(mergeEnvironment(base, { PATH: 'b' }, 'win32'), { HOME: 'h', PATH: 'b' });
    assert.deepEqual(mergeEnvironment(base, { PATH: 'b', HOME: undefined }, 'linux'), { Path: 'a', PATH: 'b' });
    assert.deepEqual(mergeEnvironment(base, { home: undefined }, 'win32'), { Path: 'a' });
  });

  it("the kernel's count of out-of-memory kills is read where there is one", async () => {
    assert.equal(await outOfMemoryKills('linux', () => Promise.resolve('pgfault 1\noom_kill 17\nx 2\n')), 17);
    assert.equal(await outOfMemoryKills('linux', () => Promise.resolve('pgfault 1\n')), undefined);
    assert.equal(await outOfMemoryKills('linux', () => Promise.reject(new Error('ENOENT'))), undefined);
    assert.equal(await outOfMemoryKills('darwin', () => Promise.resolve('oom_kill 17\n')), undefined);
  });

  it('lines come whole from any cut, in pieces when they never end', async () => {
    const collect = async (chunks: readonly Buffer[]): Promise<string[]> => {
      const lines: string[] = [];
      const stream = Readable.from(chunks, { objectMode: false });
      onLines(stream, (line) => lines.push(line));
      await new Promise((resolve) => stream.once('close', resolve));
      return lines;
    };
    const bytes = Buffer.from('één\r\nzwei 🚢\n\nlast');
    for (let at = 0; at <= bytes.length; at += 1) {
      assert.deepEqual(await collect([bytes.subarray(0, at), bytes.subarray(at)].filter((chunk) => chunk.length > 0)), [
        'één',
        'zwei 🚢',
        '',
        'last',
      ]);
    }
    const endless = await collect(Array.from({ length: 10 }, () => Buffer.alloc(10_000, 'x')));
    assert.equal(endless.join('').length, 100_000);
    assert.ok(Math.max(...endless.map((line) => line.length)) <= 16 * 1024);
  });
});

describe('exit reasons', () => {
  const nothing = { outOfMemory: false, stderrTail: [] } as const;

  it('what we did outranks what the system says', () => {
    assert.equal(describeExit({ ...nothing, signal: 'SIGKILL' }, 'unresponsive').kind, 'unresponsive');
    assert.equal(describeExit({ ...nothing, signal: 'SIGKILL' }, 'killed').expected, true);
    assert.equal(describeExit({ ...nothing, signal: 'SIGKILL' }, undefined).kind, 'signal');
    assert.equal(describeExit({ ...nothing, exitCode: 0 }, undefined).expected, false);
    assert.equal(
      describeExit({ ...nothing, signal: 'SIGKILL', outOfMemory: 'kernel' }, undefined).kind,
      'out-of-memory',
    );
  });

  it("knows V8's last words", () => {
    for (const line of [
      'FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory',
      '# Fatal JavaScript out of memory: Reached heap limit',
      '# Fatal JavaScript invalid size error 169220804',
      'FATAL ERROR: Committing semi space failed. Allocation failed - JavaScript heap out of memory',
    ])
      assert.equal(isV8OutOfMemory(line), true, line);
    assert.equal(isV8OutOfMemory('Error: out of memory in the sense of a metaphor'), false);
  });
});

describe('errors as data', () => {
  it('survive any shape', () => {
    check(
      fc.property(fc.anything(), (thing) => {
        assert.ok(fromWireError(thing) instanceof Error);
        const wire = toWireError(thing);
        assert.equal(fromWireError(JSON.parse(JSON.stringify(wire))).message, wire.message);
      }),
    );
  });

  it('survive hostile getters and endless causes', () => {
    const hostile = new Error('x');
    Object.defineProperty(hostile, 'code', {
      enumerable: true,
      get: () => {
        throw new Error('no');
      },
    });
    Object.defineProperty(hostile, 'trap', {
      enumerable: true,
      get: () => {
        throw new Error('no');
      },
    });
    assert.equal(toWireError(hostile).message, 'x');
    let deep = new Error('bottom');
    for (let n = 0; n < 100; n += 1) deep = new Error(`level ${n}`, { cause: deep });
    let depth = 0;
    for (let error: unknown = fromWireError(toWireError(deep)); error instanceof Error; error = error.cause) depth += 1;
    assert.ok(depth <= 10);
  });

  it('cannot set what is not theirs', () => {
    const error = fromWireError({
      name: 'E',
      message: 'm',
      fields: JSON.parse('{"__proto__":{"x":1},"constructor":2,"ok":3}') as object,
    });
    assert.equal((Object.getPrototypeOf(error) as object).constructor.name, 'RemoteError');
    assert.equal((error as Error & { ok?: unknown }).ok, 3);
    assert.equal(Object.hasOwn(error, 'constructor'), false);
  });
});
