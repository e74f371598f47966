import assert from 'node:assert/strict';
import { mkdirSync, renameSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { hashContent, InputHasher, type FileStatus, type InputFileSystem } from '../../../server/store/input-hash.ts';
import type { Fact } from '../../../server/store/operations.ts';
import { temporaryFolders } from './support.ts';

/** A file system with a clock that ticks as coarsely as it is told. */
class SimulatedFiles implements InputFileSystem {
  nowMs = 1_000_000;
  reads = 0;
  readonly #granularityMs: number;
  readonly #files = new Map<string, { content: string; status: FileStatus }>();

  constructor(granularityMs: number) {
    this.#granularityMs = granularityMs;
  }

  write(name: string, content: string, keepTime = false): void {
    const before = this.#files.get(name);
    const tick = BigInt(Math.floor(this.nowMs / this.#granularityMs) * this.#granularityMs) * 1_000_000n;
    const mtimeNs = keepTime && before ? before.status.mtimeNs : tick;
    this.#files.set(name, { content, status: { mtimeNs, ctimeNs: tick, size: BigInt(content.length), ino: 7n } });
  }

  content(name: string): string | undefined {
    return this.#files.get(name)?.content;
  }

  status(file: string): FileStatus | undefined {
    return this.#files.get(path.basename(file))?.status;
  }

  read(file: string): Uint8Array {
    this.reads += 1;
    return Buffer.from(this.#files.get(path.basename(file))?.content ?? '');
  }
}

function hasherOf(
  files: SimulatedFiles,
  facts = new Map<string, Fact>(),
): { hasher: InputHasher; facts: Map<string, Fact> } {
  const hasher = new InputHasher({
    load: () => [...facts.values()],
    save: (learned) => learned.forEach((fact) => facts.set(fact.file, fact)),
    now: () => files.nowMs,
    files,
  });
  return { hasher, facts };
}

describe('store: input hashes', () => {
  const folder = temporaryFolders();

  it('read each file once, and none after a restart', () => {
    const files = new SimulatedFiles(1);
    for (const name of ['a', 'b', 'c']) files.write(name, `content of ${name}`);
    files.nowMs += 60_000;
    const { hasher, facts } = hasherOf(files);
    const expected = ['a', 'b', 'c'].map((name) => hashContent(`content of ${name}`));
    assert.deepEqual(hasher.hashAll('/root', ['a', 'b', 'c']), expected);
    assert.equal(files.reads, 3);
    assert.deepEqual(hasherOf(files, facts).hasher.hashAll('/root', ['a', 'b', 'c']), expected);
    assert.equal(files.reads, 3);
  });

  it('read a file again that changed just before its status was taken', () => {
    const files = new SimulatedFiles(2000);
    files.write('a', 'one');
    const { hasher } = hasherOf(files);
    assert.deepEqual(hasher.hashAll('/root', ['a']), [hashContent('one')]);
    files.nowMs += 500;
    // The same size, within the same tick: the status is the same.
    files.write('a', 'two');
    assert.deepEqual(hasher.hashAll('/root', ['a']), [hashContent('two')]);
    files.nowMs += 10_000;
    hasher.hashAll('/root', ['a']);
    const { reads } = files;
    assert.deepEqual(hasher.hashAll('/root', ['a']), [hashContent('two')]);
    assert.equal(files.reads, reads, 'it was read although nothing can have changed');
  });

  it('are never wrong, whatever is written when', () => {
    const step = fc.record({
      wait: fc.nat(4000),
      write: fc.option(fc.constantFrom('aa', 'bb', 'cc', 'ddd')),
      keepTime: fc.boolean(),
      restart: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.constantFrom(1, 10, 1000, 2000), fc.array(step, { maxLength: 30 }), (granularity, steps) => {
        const files = new SimulatedFiles(granularity);
        files.write('a', 'aa');
        let { hasher, facts } = hasherOf(files);
        for (const { wait, write, keepTime, restart } of steps) {
          files.nowMs += wait;
          if (write !== null) files.write('a', write, keepTime);
          if (restart) ({ hasher, facts } = hasherOf(files, facts));
          assert.deepEqual(hasher.hashAll('/root', ['a']), [hashContent(files.content('a') ?? '')]);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('are not cached for a file that is written while it is read', () => {
    const files = new SimulatedFiles(1);
    files.write('a', 'one');
    files.nowMs += 60_000;
    const read = files.read.bind(files);
    files.read = (file) => {
      const bytes = read(file);
      files.write('a', 'two');
      files.read = read;
      return bytes;
    };
    const { hasher, facts } = hasherOf(files);
    hasher.hashAll('/root', ['a']);
    assert.equal(facts.size, 0);
    files.nowMs += 60_000;
    assert.deepEqual(hasher.hashAll('/root', ['a']), [hashContent('two')]);
  });

  it('work with real files, notice a replacement with the same times, and are missing for what is not a file', () => {
    const root = folder('inputs');
    const file = path.join(root, 'ä.ts');
    const facts = new Map<string, Fact>();
    const hasher = new InputHasher({
      load: () => [],
      save: (learned) => learned.forEach((fact) => facts.set(fact.file, fact)),
      // Long after: nothing is racy.
      now: () => Date.now() + 60_000,
    });
    writeFileSync(file, 'old');
    mkdirSync(path.join(root, 'folder'));
    assert.deepEqual(hasher.hashAll(root, ['ä.ts', 'missing', 'folder']), [hashContent('old'), undefined, undefined]);
    assert.deepEqual([...facts.keys()], ['ä.ts']);
    const { atime, mtime } = statSync(file);
    writeFileSync(`${file}.new`, 'new');
    utimesSync(`${file}.new`, atime, mtime);
    renameSync(`${file}.new`, file);
    assert.deepEqual(hasher.hashAll(root, ['ä.ts']), [hashContent('new')]);
  });

  it('read every file if the cache is broken or cannot be written', () => {
    const files = new SimulatedFiles(1);
    files.write('a', 'one');
    files.nowMs += 60_000;
    const broken = new InputHasher({
      load: () => [
        { file: 'a', hash: 'wrong', body: 'nonsense' },
        { file: 'a', hash: 'wrong', body: new Uint8Array(3) },
      ],
      save: () => {
        throw new Error('disk full');
      },
      now: () => files.nowMs,
      files,
    });
    assert.deepEqual(broken.hashAll('/root', ['a']), [hashContent('one')]);
  });
});
