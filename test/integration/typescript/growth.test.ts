/** When a process of TypeScript 7 is started anew. */
import assert from 'node:assert/strict';
import { MemoryGrowth } from '../../../workers/detectors/typescript/memory-growth.ts';
import { Server } from '../../../workers/detectors/typescript/native-server.ts';
import { Asker, cleanUp, config, makeWorkspace } from './support.ts';

const gigabyte = 1024 ** 3;

describe('TypeScript 7.0: growth of its process', function () {
  this.timeout(60_000);
  after(cleanUp);

  it('is measured against the first check of each project, above a floor', () => {
    const growth = new MemoryGrowth();
    const steps: readonly (readonly [project: string, gigabytes: number, tooMuch: boolean])[] = [
      ['a', 0.1, false],
      ['a', 0.5, false],
      ['a', 0.7, true],
      // Another project has a right to memory of its own.
      ['b', 0.8, false],
      ['a', 1.5, false],
      ['b', 1.7, true],
    ];
    for (const [project, gigabytes, tooMuch] of steps) {
      growth.checked(project, gigabytes * gigabyte);
      assert.equal(growth.isTooMuch, tooMuch, `${project} ${String(gigabytes)}`);
    }
  });

  it('is counted if it is unknown', () => {
    const growth = new MemoryGrowth();
    for (const project of ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'a', 'a', 'a', 'b', 'b'])
      growth.checked(project, undefined);
    assert.equal(growth.isTooMuch, false);
    growth.checked('b', undefined);
    assert.equal(growth.isTooMuch, true);
  });

  it('ends it before the next check of everything, which is complete', async () => {
    const { residentBytes } = Server.prototype;
    const pids = new Set<number>();
    let bytes = 0.5 * gigabyte;
    Server.prototype.residentBytes = async function (this: Server) {
      pids.add(this.pid ?? 0);
      return Promise.resolve(bytes);
    };
    try {
      const files = { 'tsconfig.json': config(), 'a.ts': 'export const a: number = "";\n' };
      const workspace = await makeWorkspace(files, 'TypeScript 7.0');
      const asker = new Asker(workspace);
      await asker.ask();
      bytes = 3 * gigabyte;
      await asker.confirm();
      assert.equal(pids.size, 1);
      await asker.confirm();
      assert.equal(pids.size, 2);
      assert.equal(asker.linesOf('tsconfig.json').length, 1);
    } finally {
      Server.prototype.residentBytes = residentBytes;
    }
  });
});
