import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { CrashReports, type CrashReport } from '../../../server/mcp/crash-reports.ts';

describe('crash reports', () => {
  let dir: string;
  const date = (): number => Date.parse('2030-01-02T03:04:05Z');
  const alive = new Set<number>();
  const isAlive = (pid: number): boolean => alive.has(pid);

  beforeEach(async () => {
    dir = path.join(await mkdtemp(path.join(os.tmpdir(), 'bulkhead-crash-')), 'crashes');
    alive.clear();
  });

  afterEach(() => rm(path.dirname(dir), { recursive: true, force: true }));

  const server = (pid: number, at = date): CrashReports => new CrashReports(dir, { date: at, pid, isAlive });
  const reportsIn = async (): Promise<readonly CrashReport[]> => {
    const names = (await readdir(dir)).filter((name) => name.startsWith('crash-')).sort();
    return Promise.all(names.map(async (name) => JSON.parse(await readFile(path.join(dir, name), 'utf8')) as CrashReport)); // prettier-ignore
  };

  it('tell of a server that was killed, once, with what it was answering', async () => {
    const killed = server(1);
    assert.deepEqual(killed.begin(), []);
    killed.answering([{ tool: 'problems', ms: 2000 }]);
    const next = server(2);
    alive.add(2);
    const found = next.begin();
    assert.equal(found.length, 1);
    assert.deepEqual(server(3).begin(), []);
    const [report] = await reportsIn();
    assert.deepEqual(
      [report?.pid, report?.cause, report?.active],
      [1, { kind: 'ended without notice' }, [{ tool: 'problems', since: '2030-01-02T03:04:03.000Z' }]],
    );
    assert.deepEqual(Object.keys(report?.versions ?? {}), ['bulkhead', 'node', 'system']);
  });

  it('do not tell of a server that runs, or stopped in order', () => {
    alive.add(1);
    const [first, second] = [server(1), server(2)];
    first.begin();
    assert.deepEqual(second.begin(), []);
    first.answering([{ tool: 'fix', ms: 0 }]);
    first.end();
    second.end();
    // What ends late keeps no file.
    first.answering([]);
    alive.clear();
    assert.deepEqual(server(3).begin(), []);
  });

  it('name the cause, and quote no file', async () => {
    const own = server(1);
    own.begin();
    const secret = 'const password = "hunter2";';
    let parse: unknown;
    try {
      JSON.parse(secret);
    } catch (error) {
      parse = error;
    }
    const nested = new TypeError(`Bad 'text' in ${secret}\nsecond line ${secret}`);
    assert.ok(own.fault('uncaught exception', parse));
    assert.ok(own.fault('unhandled rejection', nested));
    assert.ok(own.fault('unhandled rejection', secret));
    const reports = await reportsIn();
    assert.deepEqual(reports.map(({ cause }) => cause.error).sort(), ['SyntaxError: Unexpected token …', 'TypeError: Bad …', 'string']); // prettier-ignore
    assert.ok(reports.some(({ cause }) => cause.at?.some((frame) => frame.includes('crash-reports.test.ts'))));
    assert.doesNotMatch(JSON.stringify(reports), /hunter2|password/);
    assert.equal(own.count, 3);
  });

  it('stay few, survive a torn file, and need no disk', async () => {
    let time = date();
    const own = server(1, () => (time += 1000));
    own.begin();
    for (let index = 0; index < 25; index += 1) own.fault('uncaught exception', new Error(String(index)));
    const left = await reportsIn();
    assert.deepEqual([left.length, left.at(-1)?.cause.error, left[0]?.cause.error], [20, 'Error: 24', 'Error: 5']);
    await writeFile(path.join(dir, 'running-7.json'), '{"pid": 7, "act');
    assert.equal(server(2, () => (time += 1000)).begin().length, 2);
    const torn = (await reportsIn()).at(-1);
    assert.equal(torn?.cause.kind, 'ended without notice');
    const nowhere = new CrashReports(path.join(dir, 'crash-x', '\0'), { isAlive });
    assert.deepEqual([nowhere.begin(), nowhere.fault('uncaught exception', new Error('x'))], [[], undefined]);
  });
});
