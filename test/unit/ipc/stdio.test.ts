/** What only the stdio driver does: programs that know nothing of this library. */
import assert from 'node:assert/strict';
import { CrashedError, createWorker, DriverError, RemoteError, SpawnError } from '../../../workers/ipc/index.ts';
import type { DefineMessages, LogEntry, StdioOptions } from '../../../workers/ipc/index.ts';
import type { AnyWorkerOptions } from '../../../workers/ipc/options.ts';
import { rejection, soon, start } from './support.ts';

type ForeignMessages = DefineMessages<{
  double: { payload: number; result: number; event: string };
  fail: { payload: void; result: never };
  stop: { payload: void; result: never };
}>;

/** A program in another language would look the same: lines of JSON in, lines of JSON out. */
const program = `
  const say = (message) => process.stdout.write(JSON.stringify(message) + '\\n');
  process.stdout.write('a banner, as programs print\\n{"some":"json"}\\n');
  if (!process.env.NO_HANDSHAKE) say({ ready: 1 });
  let rest = '';
  process.stdin.on('data', (data) => {
    const lines = (rest + data).split('\\n');
    rest = lines.pop();
    for (const line of lines) {
      const { tx, type, payload } = JSON.parse(line);
      if (type === 'double') {
        console.log('working on ' + payload);
        say({ tx, type: 'doubleEvent', events: ['half', 'way'] });
        say({ tx, type: 'doubleResult', payload: payload * 2 });
      } else if (type === 'fail') say({ tx, type: 'failError', error: { name: 'ForeignError', message: 'no' } });
      else if (type === 'stop' || type === '$close') process.exit(type === 'stop' ? 7 : 0);
    }
  });
`;

const asked = `
  console.log([process.argv0, process.getuid?.()].join());
  console.log('{"ready":1}');
  process.stdin.resume();
`;

const open = (options: AnyWorkerOptions = {}) =>
  createWorker<ForeignMessages>({
    command: process.execPath,
    args: ['-e', program],
    ...options,
    driver: 'stdio',
  } as StdioOptions);

describe('stdio driver', () => {
  it('passes spawnOptions on, and refuses those that the library sets itself', async () => {
    const logs: string[] = [];
    const isRoot = process.getuid?.() === 0;
    const worker = await open({
      args: ['-e', asked],
      spawnOptions: { argv0: 'another-name', ...(isRoot ? { uid: 65534 } : {}) },
      onLog: ({ message }) => logs.push(message),
    });
    await worker.kill();
    assert.deepEqual(logs, [`another-name,${isRoot ? 65534 : (process.getuid?.() ?? '')}`]);
    for (const name of ['stdio', 'shell', 'detached', 'cwd', 'env', 'signal', 'timeout', 'killSignal', 'nonsense']) {
      for (const driver of ['stdio', 'child-process'] as const) {
        const options = { spawnOptions: { [name]: 1 }, script: import.meta.filename } as AnyWorkerOptions;
        const error = await rejection(start(driver, options));
        assert.ok(error instanceof DriverError, `${driver} ${name}`);
        assert.match(error.message, new RegExp(`cannot set '${name}'`));
      }
    }
  });

  it('talks to a program in any language, whose other lines are log lines', async () => {
    const logs: LogEntry[] = [];
    const worker = await open({ onLog: (entry) => logs.push(entry) });
    const events: string[] = [];
    assert.equal(await worker.send('double', 21, { onEvent: (event) => void events.push(event) }), 42);
    assert.deepEqual(events, ['half', 'way']);
    const error = await rejection(worker.send('fail'));
    assert.ok(error instanceof RemoteError);
    assert.equal(error.name, 'ForeignError');
    assert.deepEqual(
      logs.map(({ source, message }) => `${source}: ${message}`),
      ['stdout: a banner, as programs print', 'stdout: {"some":"json"}', 'stdout: working on 21'],
    );
    assert.equal((await worker.close()).kind, 'closed');
  });

  it('can do without a handshake', async () => {
    const worker = await open({ handshake: false, env: { NO_HANDSHAKE: '1' } });
    assert.equal(await worker.send('double', 1), 2);
    await worker.close();
  });

  it('takes the last line of a program for a log line although it has no end', async () => {
    const logs: string[] = [];
    const script = `console.log('{"ready":1}'); process.stdout.write('fatal: no more', () => process.exit(3))`;
    const worker = await open({ args: ['-e', script], onLog: ({ message }) => logs.push(message) });
    const exit = await soon(worker.exited, 'the end');
    assert.deepEqual([exit.kind, exit.exitCode], ['exit', 3]);
    assert.deepEqual(logs, ['fatal: no more']);
  });

  it('tells how a program ended that died within a message', async () => {
    const logs: string[] = [];
    const script = `console.log('{"ready":1}'); process.stdout.write('{"tx":1,"type"', () => process.exit(3))`;
    const worker = await open({ args: ['-e', script], onLog: ({ message }) => logs.push(message) });
    const exit = await soon(worker.exited, 'the end');
    assert.deepEqual([exit.kind, exit.exitCode], ['exit', 3]);
    assert.deepEqual(logs, []);
  });

  it('tells how the program ended', async () => {
    const worker = await open();
    const error = await soon(rejection(worker.send('stop')), 'the end');
    assert.ok(error instanceof CrashedError);
    assert.equal(error.exit.exitCode, 7);
  });

  it('fails when the program does not exist', async () => {
    const error = await rejection(open({ command: 'no-such-program-anywhere' }));
    assert.ok(error instanceof SpawnError);
    assert.match(error.message, /ENOENT/);
  });

  it('refuses options for Node when it runs a program', async () => {
    assert.ok((await rejection(open({ execArgv: ['--x'] }))) instanceof DriverError);
  });

  it('keeps what a Node worker prints apart from the line, unfinished lines too', async () => {
    const logs: string[] = [];
    const worker = await start('stdio', { onLog: ({ message }) => logs.push(message) });
    await worker.send('print', { stdout: 'no line feed here' });
    assert.equal(await worker.send('echo', 1), 1);
    await worker.close();
    assert.deepEqual(logs, ['no line feed here']);
  });

  it('JSON that a program prints for people is a log line, before it is ready and after', async () => {
    const lines = [
      '{"level":30,"msg":"started","ready":true}',
      '{"ready":3,"total":10}',
      '{"type":"info","message":"no transaction"}',
      '{"type":"request","tx":1,"payload":"of the transaction in flight"}',
      '{"type":"echoResult"}',
      '[1,2]',
      '"text"',
      'null',
    ];
    const chatty = `
      const lines = ${JSON.stringify(lines)};
      for (const line of lines) console.log(line);
      console.log('{"ready":1}');
      require('readline').createInterface({ input: process.stdin }).on('line', (text) => {
        const { tx, type } = JSON.parse(text);
        for (const line of lines) console.log(line);
        if (type === 'echo') console.log(JSON.stringify({ tx, type: 'echoResult', payload: 'answer' }));
        else process.exit(0);
      });`;
    const logged: string[] = [];
    const worker = await createWorker<DefineMessages<{ echo: { payload: void; result: string } }>>({
      driver: 'stdio',
      command: process.execPath,
      args: ['-e', chatty],
      onLog: ({ message }) => void logged.push(message),
    });
    assert.equal(await worker.send('echo'), 'answer');
    assert.deepEqual(logged, [...lines, ...lines]);
    assert.equal((await worker.close()).kind, 'closed');
  });
});
