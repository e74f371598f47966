import assert from 'node:assert/strict';
import fc from 'fast-check';
import { StoreError } from '../../../server/store/faults.ts';
import type { Issue } from '../../../workers/protocol/detector-protocol.ts';
import type { EncodedPart, WriteOperation } from '../../../server/store/operations.ts';
import { WriteQueue, type QueuedWrite, type WriteSink } from '../../../server/store/write-queue.ts';
import { fileResult, issue, memoryDatabase, unitsIn } from './support.ts';

/** Takes what the thread would take, and fails as it is told. */
class ScriptedSink implements WriteSink {
  readonly commits: (readonly WriteOperation[])[] = [];
  readonly failures: (StoreError['code'] | undefined)[] = [];
  #staged: readonly EncodedPart[] = [];

  async stage(parts: readonly EncodedPart[], first: boolean): Promise<void> {
    await this.#answer();
    this.#staged = first ? parts : [...this.#staged, ...parts];
  }

  async commit(operations: readonly WriteOperation[]): Promise<void> {
    const staged = this.#staged;
    this.#staged = [];
    await this.#answer();
    this.commits.push(
      operations.map((operation) =>
        operation.type === 'put-unit' && operation.continued === true
          ? { ...operation, parts: [...staged, ...operation.parts] }
          : operation,
      ),
    );
  }

  async #answer(): Promise<void> {
    // One turn of the event loop.
    await new Promise((resolve) => setImmediate(resolve));
    const code = this.failures.shift();
    if (code !== undefined) throw new StoreError(code, 'as told');
  }
}

function queueOf(sink: WriteSink, messages: string[] = []): WriteQueue {
  return new WriteQueue({ sink, log: (_level, message) => void messages.push(message), delayMs: 5 });
}

const put = (file: string, fingerprint: string): QueuedWrite => ({
  type: 'put-unit',
  ...fileResult(file, 1, fingerprint),
});

describe('store: write queue', () => {
  it('sends the newest write of each key together after a short delay', async () => {
    const sink = new ScriptedSink();
    const queue = queueOf(sink);
    for (const write of [put('a', '1'), put('b', '1'), put('a', '2')]) queue.add(write);
    assert.equal(sink.commits.length, 0);
    assert.ok(await queue.flush(5000));
    assert.deepEqual(
      sink.commits.map((commit) =>
        commit.map((operation) => ('fingerprint' in operation ? operation.fingerprint : '')),
      ),
      [['1', '2']],
    );
  });

  it('sends without being flushed', async () => {
    const sent = Promise.withResolvers<readonly WriteOperation[]>();
    const queue = queueOf({
      stage: () => Promise.resolve(),
      commit: (operations) => Promise.resolve(operations).then(sent.resolve),
    });
    queue.add(put('a', '1'));
    assert.equal((await sent.promise).length, 1);
  });

  it('retries while another process is writing, without losing new writes', async () => {
    const sink = new ScriptedSink();
    sink.failures.push('BUSY', 'BUSY', 'BUSY');
    const queue = queueOf(sink);
    queue.add(put('a', 'old'));
    queue.add(put('b', 'old'));
    const flushed = queue.flush(10_000);
    queue.add(put('a', 'new'));
    assert.ok(await flushed);
    const written = sink.commits.flat().map((operation) => ('unit' in operation ? operation : undefined));
    assert.deepEqual(written.map((unit) => unit?.unit).sort(), ['a', 'b']);
    assert.ok(written.some((unit) => unit?.type === 'put-unit' && unit.unit === 'a' && unit.fingerprint === 'new'));
  });

  it('reports when it cannot write in time', async () => {
    const sink = new ScriptedSink();
    sink.failures.push(...Array.from({ length: 100 }, () => 'BUSY' as const));
    const queue = queueOf(sink);
    queue.add(put('a', '1'));
    assert.equal(await queue.flush(100), false);
    sink.failures.length = 0;
    assert.ok(await queue.flush(5000));
    assert.equal(sink.commits.length, 1);
  });

  it('drops a batch that fails three times, says so once, and continues', async () => {
    const sink = new ScriptedSink();
    const messages: string[] = [];
    sink.failures.push('INTERNAL', 'INTERNAL', 'INTERNAL');
    const queue = queueOf(sink, messages);
    queue.add(put('a', '1'));
    await queue.flush(5000);
    queue.add(put('b', '1'));
    await queue.flush(5000);
    assert.equal(sink.commits.length, 1);
    assert.equal(messages.length, 1);
    assert.match(messages[0] ?? '', /1 results were not stored/);
  });

  it('drops everything silently when there is no thread any more, which was reported before', async () => {
    const sink = new ScriptedSink();
    const messages: string[] = [];
    sink.failures.push('UNAVAILABLE');
    const queue = queueOf(sink, messages);
    queue.add(put('a', '1'));
    assert.ok(await queue.flush(5000));
    assert.deepEqual(messages, []);
  });

  it('keeps the event loop free while it encodes 100,000 issues of one unit', async () => {
    let turns = 0;
    /** Those in which something was encoded. */
    const worked = new Set<number>();
    const watched = (file: string): Issue => ({
      ...issue('typescript', file, 0),
      get message() {
        worked.add(turns);
        return 'a message';
      },
    });
    const files = new Map(
      Array.from({ length: 1000 }, (_, index) => {
        const file = `${index}.ts`;
        const others = Array.from({ length: 99 }, (_nothing, line) => issue('typescript', file, line + 1));
        return [file, [watched(file), ...others]] as const;
      }),
    );
    const sink = new ScriptedSink();
    const queue = queueOf(sink);
    let counting = true;
    const count = (): void => {
      turns += 1;
      if (counting) setImmediate(count);
    };
    count();
    queue.add({
      type: 'put-unit',
      detector: 'typescript',
      unit: 'tsconfig.json',
      fingerprint: '1',
      engine: 'e',
      files,
    });
    assert.ok(await queue.flush(20_000));
    counting = false;
    const [operation] = sink.commits.flat();
    assert.ok(operation?.type === 'put-unit');
    assert.equal(operation.parts.length, 1000);
    // A fast machine is interrupted by each part of the text that it hands over, a slow one every 2 ms besides.
    assert.ok(worked.size > 50, `it was encoded in ${worked.size} turns of the loop`);
  });

  it('stores what a plain map would hold, whatever fails in between', async () => {
    const unit = fc.constantFrom('a', 'b', 'c');
    const detector = fc.constantFrom('x', 'y');
    const write: fc.Arbitrary<QueuedWrite> = fc.oneof(
      {
        weight: 4,
        arbitrary: fc
          .tuple(detector, unit, fc.nat())
          .map(([name, id, n]): QueuedWrite => ({ ...put(id, String(n)), detector: name, unit: id }) as QueuedWrite),
      },
      fc.tuple(detector, unit).map(([name, id]): QueuedWrite => ({ type: 'drop-unit', detector: name, unit: id })),
      detector.map((name): QueuedWrite => ({ type: 'drop-detector', detector: name })),
    );
    const failure = fc.option(fc.constantFrom('BUSY' as const, 'INTERNAL' as const), { nil: undefined, freq: 1 });
    const step = fc.tuple(write, fc.boolean());
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 15 }),
        fc.array(failure, { maxLength: 2 }),
        async (steps, failures) => {
          const sink = new ScriptedSink();
          sink.failures.push(...failures);
          const queue = queueOf(sink);
          const model = new Map<string, string>();
          for (const [operation, pause] of steps) {
            queue.add(operation);
            if (operation.type === 'put-unit')
              model.set(`${operation.detector} ${operation.unit}`, operation.fingerprint);
            else if (operation.type === 'drop-unit') model.delete(`${operation.detector} ${operation.unit}`);
            else if (operation.type === 'drop-detector') {
              for (const key of [...model.keys()]) if (key.startsWith(`${operation.detector} `)) model.delete(key);
            }
            if (pause) {
              void queue.flush(1);
              await new Promise((resolve) => setImmediate(resolve));
            }
          }
          assert.ok(await queue.flush(10_000));
          const database = memoryDatabase();
          for (const commit of sink.commits) database.write(commit);
          const found = new Map(
            unitsIn(database).map((loaded) => [`${loaded.detector} ${loaded.unit}`, loaded.fingerprint]),
          );
          assert.deepEqual([...found].sort(), [...model].sort());
          database.connection.close();
        },
      ),
      { numRuns: 60 },
    );
  });
});
