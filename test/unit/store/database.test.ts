import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { checksumOf } from '../../../server/store/checksum.ts';
import { addIssues } from '../../../server/store/issue-parts.ts';
import { packBody } from '../../../server/store/part-body.ts';
import type { EncodedPart, LoadedUnit } from '../../../server/store/operations.ts';
import type { Issue } from '../../../workers/protocol/detector-protocol.ts';
import { fileResult, issue, memoryDatabase, putUnit, unitsIn } from './support.ts';

describe('store: checksums', () => {
  it('differ if any part, length, order or type differs', () => {
    const part = fc.oneof(fc.string(), fc.integer(), fc.uint8Array({ maxLength: 8 }));
    const list = fc.array(part, { maxLength: 4 });
    fc.assert(
      fc.property(list, list, (a, b) => {
        const same = JSON.stringify(a.map(typed)) === JSON.stringify(b.map(typed));
        assert.equal(Buffer.compare(checksumOf(a), checksumOf(b)) === 0, same);
      }),
    );
    const sums = [['ab', 'c'], ['a', 'bc'], ['abc'], [1], ['1'], ['s1:1'], [null], []].map((parts) =>
      Buffer.from(checksumOf(parts)).toString('hex'),
    );
    assert.equal(new Set(sums).size, sums.length);
  });
});

describe('store: records', () => {
  it('return what was written, for any text', () => {
    const text = fc.string({ unit: 'binary' }).filter((value) => !value.includes('\0'));
    const issues = fc.array(fc.tuple(fc.nat(), text), { maxLength: 3 });
    fc.assert(
      fc.property(text, text, fc.dictionary(text, issues, { maxKeys: 3 }), (unit, fingerprint, byFile) => {
        const database = memoryDatabase();
        const found = Object.entries(byFile).filter(([, list]) => list.length > 0);
        const files = new Map(
          found.map(([file, list]) => [file, list.map(([line, message]) => issue('eslint', file, line, message))]),
        );
        database.write([putUnit({ detector: 'eslint', unit, fingerprint, engine: 'e', files })]);
        const [loaded] = unitsIn(database);
        assert.ok(loaded);
        assert.deepEqual([loaded.unit, loaded.fingerprint], [unit, fingerprint]);
        assert.deepEqual(issuesOf(loaded.parts), files);
        database.connection.close();
      }),
      { numRuns: 60 },
    );
  });

  it('reassemble long lists in order', () => {
    const database = memoryDatabase();
    const result = fileResult('a.ts', 1001);
    database.write([putUnit(result)]);
    const parts = unitsIn(database).flatMap((piece) => piece.parts);
    assert.equal(parts.length, 3);
    assert.deepEqual(issuesOf(parts), result.files);
  });

  it('return a large unit in several pieces, between small ones', () => {
    const database = memoryDatabase();
    const large = fileResult('b.ts', 5000);
    database.write([fileResult('a.ts', 1), large, fileResult('c.ts', 1)].map(putUnit));
    const pieces = unitsIn(database).filter(({ unit }) => unit === 'b.ts');
    assert.ok(pieces.length > 2, `${pieces.length} pieces`);
    assert.deepEqual(
      pieces.map(({ more }) => more),
      pieces.map((_, index) => index < pieces.length - 1),
    );
    assert.deepEqual(issuesOf(pieces.flatMap(({ parts }) => parts)), large.files);
    assert.deepEqual(
      unitsIn(database)
        .map(({ unit }) => unit)
        .filter((unit) => unit !== 'b.ts'),
      ['a.ts', 'c.ts'],
    );
  });

  it('continue each of several large units that are read at once, unchanged since the first piece', () => {
    const database = memoryDatabase();
    const large = ['a.ts', 'b.ts'].map((file) => fileResult(file, 5000));
    database.write(large.map(putUnit));
    const readings = [
      ['', ''],
      ['eslint', 'a.ts'],
      ['', ''],
    ].map((from) => ({
      pieces: [] as LoadedUnit[],
      chunk: database.units({}, from),
    }));
    database.write([putUnit(fileResult('b.ts', 1))]);
    const last = (reading: (typeof readings)[number]): boolean => reading.pieces.at(-1)?.more === false;
    // In turn: a piece of this one, a piece of that one.
    while (!readings.every(last)) {
      for (const reading of readings) {
        if (last(reading)) continue;
        reading.pieces.push(...reading.chunk.items);
        reading.chunk = database.units({}, reading.chunk.next);
      }
    }
    const [a, b] = large.map(({ files }) => files);
    assert.deepEqual(
      readings.map(({ pieces }) =>
        isDeepStrictEqual(issuesOf(pieces.flatMap(({ parts }) => parts)), pieces[0]?.unit === 'a.ts' ? a : b),
      ),
      [true, true, true],
    );
    assert.deepEqual(readings.map(({ pieces }) => pieces[0]?.unit), ['a.ts', 'b.ts', 'a.ts']); // prettier-ignore
  });

  it('drop a large unit whose reader stopped, once many others began', () => {
    const database = memoryDatabase();
    database.write([putUnit(fileResult('a.ts', 5000))]);
    const stopped = database.units({});
    assert.equal(stopped.items[0]?.more, true);
    for (let others = 0; others < 16; others += 1) database.units({});
    assert.deepEqual(database.units({}, stopped.next), { items: [], next: ['eslint', 'a.ts'] });
  });

  it('replace a unit as a whole, and write only parts that differ', () => {
    const database = memoryDatabase();
    const files = (changed: string): Map<string, ReturnType<typeof issue>[]> =>
      new Map(['a', 'b', 'c'].map((file) => [file, [issue('ts', file, 1, file === changed ? 'changed' : 'same')]]));
    const unit = { detector: 'ts', unit: 'tsconfig.json', engine: 'e' };
    database.write([putUnit({ ...unit, fingerprint: '1', files: files('') })]);
    database.connection.exec('CREATE TEMP TABLE written (file TEXT)');
    database.connection.exec(
      'CREATE TEMP TRIGGER note AFTER INSERT ON issues BEGIN INSERT INTO written VALUES (NEW.file); END',
    );
    const next = files('b');
    next.delete('c');
    database.write([putUnit({ ...unit, fingerprint: '2', files: next })]);
    const [loaded, ...others] = unitsIn(database);
    assert.ok(loaded);
    assert.equal(others.length, 0);
    assert.deepEqual([loaded.fingerprint, loaded.revision], ['2', 2]);
    assert.deepEqual(issuesOf(loaded.parts), next);
    assert.deepEqual(
      database.connection.all('SELECT file FROM written').map(({ file }) => file),
      ['b'],
    );
    assert.deepEqual(
      database.connection.all('SELECT file FROM issues').map(({ file }) => file),
      ['a', 'b'],
    );
  });

  it('load all units of a detector, in chunks', () => {
    const database = memoryDatabase();
    const names = Array.from({ length: 1700 }, (_, index) => `${index}.ts`);
    database.write(names.map((name) => putUnit(fileResult(name, 0))));
    database.write([putUnit({ ...fileResult('x.ts', 1), detector: 'other' }), putUnit(fileResult('7.ts', 2))]);
    assert.equal(unitsIn(database, 'eslint').length, 1700);
    assert.deepEqual(
      unitsIn(database, 'other').map(({ unit }) => unit),
      ['x.ts'],
    );
    assert.ok(database.units({}).next !== undefined, 'one chunk held everything');
  });

  it('drop units, detectors, facts and notes, and nothing else', () => {
    const database = memoryDatabase();
    database.write([
      ...['a.ts', 'b.ts'].map((file) => putUnit(fileResult(file, 2))),
      putUnit({ ...fileResult('a.ts', 2), detector: 'other' }),
      { type: 'put-fact', kind: 'record', file: 'a.ts', hash: '1', body: 'text' },
      { type: 'put-fact', kind: 'metric', file: 'a.ts', hash: '1', body: new Uint8Array([0, 255]) },
      { type: 'put-note', kind: 'quarantine', key: 'a', body: '1' },
      { type: 'put-note', kind: 'meta', key: 'a', body: '2' },
    ]);
    database.write([
      { type: 'drop-unit', detector: 'eslint', unit: 'a.ts' },
      { type: 'drop-fact', kind: 'record', file: 'a.ts' },
      { type: 'drop-note', kind: 'meta', key: 'a' },
      { type: 'drop-unit', detector: 'eslint', unit: 'never there' },
    ]);
    assert.deepEqual(
      unitsIn(database).map(({ detector, unit }) => `${detector} ${unit}`),
      ['eslint b.ts', 'other a.ts'],
    );
    assert.deepEqual(database.facts('record').items, []);
    assert.deepEqual(database.facts('metric').items, [{ file: 'a.ts', hash: '1', body: new Uint8Array([0, 255]) }]);
    assert.deepEqual(database.notes('quarantine'), [{ key: 'a', body: '1' }]);
    database.write([{ type: 'drop-detector', detector: 'other' }]);
    assert.deepEqual(
      unitsIn(database).map(({ unit }) => unit),
      ['b.ts'],
    );
    assert.equal(database.connection.number('SELECT count(*) FROM issues'), 1);
  });

  it('keep the newest 500 entries of the history', () => {
    const database = memoryDatabase();
    database.write(Array.from({ length: 503 }, (_, at) => ({ type: 'append-history', at, body: String(at) })));
    assert.deepEqual(
      database.history(2).map(({ at }) => at),
      [502, 501],
    );
    assert.equal(database.history(1000).length, 500);
  });

  it('write all or nothing', () => {
    const database = memoryDatabase();
    const broken = { type: 'put-note', kind: 'meta', key: 'k', body: Symbol('no value') as unknown as string } as const;
    assert.throws(() => database.write([putUnit(fileResult('a.ts', 1)), broken]));
    assert.equal(unitsIn(database).length, 0);
  });

  const damages: Readonly<Record<string, string>> = {
    'a changed issue': `UPDATE issues SET body = x'${packedHex('[{"rule":"another"}]')}' WHERE file = 'a.ts'`,
    'issues that are not compressed': `UPDATE issues SET body = x'${Buffer.from('[]').toString('hex')}' WHERE file = 'a.ts'`,
    'issues cut short': "UPDATE issues SET body = substr(body, 1, length(body) - 3) WHERE file = 'a.ts'",
    'issues under another file': "UPDATE issues SET file = 'z.ts' WHERE file = 'a.ts'",
    'lost issues': "DELETE FROM issues WHERE file = 'a.ts'",
    'issues of another unit':
      "INSERT INTO issues SELECT detector, 'a.ts', file, part, checksum, body FROM issues WHERE unit = 'b.ts'",
    'another fingerprint': "UPDATE units SET fingerprint = 'of b.ts' WHERE unit = 'a.ts'",
    'another engine': "UPDATE units SET engine = 'eslint 9' WHERE unit = 'a.ts'",
    'another unit': "UPDATE units SET unit = 'c.ts' WHERE unit = 'a.ts'",
    'another detector': "UPDATE units SET detector = 'other' WHERE unit = 'a.ts'",
    'another checksum': "UPDATE units SET checksum = x'00' WHERE unit = 'a.ts'",
  };
  for (const [name, sql] of Object.entries(damages)) {
    it(`drop and count a record with ${name}`, () => {
      const database = memoryDatabase();
      database.write([putUnit(fileResult('a.ts', 3)), putUnit(fileResult('b.ts', 3))]);
      assert.ok(database.connection.run(sql) > 0);
      assert.deepEqual(
        unitsIn(database).map(({ unit }) => unit),
        ['b.ts'],
      );
      assert.equal(database.stats().damagedRecords, 1);
      assert.equal(database.stats().units, 1, 'the damaged record is still there');
      database.write([putUnit(fileResult('a.ts', 3))]);
      assert.equal(unitsIn(database).length, 2);
    });
  }

  it('drop damaged facts, notes and history', () => {
    const database = memoryDatabase();
    database.write([
      { type: 'put-fact', kind: 'record', file: 'a.ts', hash: '1', body: 'text' },
      { type: 'put-fact', kind: 'record', file: 'b.ts', hash: '1', body: 'text' },
      { type: 'put-note', kind: 'meta', key: 'a', body: '2' },
      { type: 'append-history', at: 1, body: '2' },
    ]);
    database.connection.exec(
      "UPDATE facts SET hash = '2' WHERE file = 'a.ts'; UPDATE notes SET body = '3'; UPDATE history SET at = 2",
    );
    assert.deepEqual(
      database.facts('record').items.map(({ file }) => file),
      ['b.ts'],
    );
    assert.deepEqual([database.notes('meta'), database.history(9)], [[], []]);
    assert.equal(database.stats().damagedRecords, 3);
  });

  it('find all damage when verified', () => {
    const database = memoryDatabase();
    database.write([
      putUnit(fileResult('a.ts', 3)),
      putUnit(fileResult('b.ts', 3)),
      { type: 'put-note', kind: 'meta', key: 'a', body: '2' },
    ]);
    database.connection.exec("UPDATE issues SET body = x'00' WHERE file = 'a.ts'; UPDATE notes SET body = '3'");
    assert.deepEqual(database.verify(), { structure: [], records: 3, damaged: 2 });
    assert.deepEqual(database.verify(), { structure: [], records: 1, damaged: 0 });
  });

  it('drop what was used longest ago when the file is full', () => {
    const day = 86_90_000;
    let now = 10 * day;
    const database = memoryDatabase(90_000, () => now);
    const names = Array.from({ length: 60 }, (_, index) => `${index}.ts`);
    database.write(names.slice(0, 30).map((name) => putUnit(fileResult(name, 10))));
    database.write([putUnit({ ...fileResult('used.ts', 10), detector: 'used' })]);
    now += 2 * day;
    database.touchUnits('used');
    for (let start = 0; start < 3; start += 1) {
      now += day;
      database.write(names.map((name) => putUnit(fileResult(`${start}/${name}`, 10))));
    }
    assert.ok(database.bytes() <= 90_000, `${database.bytes()} bytes are in use`);
    assert.ok(database.stats().evictedRecords > 30);
    const left = unitsIn(database).map(({ unit }) => unit);
    const countOf = (round: string): number => left.filter((unit) => unit.startsWith(round)).length;
    const rounds = [countOf('0/'), countOf('1/'), countOf('2/')] as const;
    assert.equal(left.length, rounds[0] + rounds[1] + rounds[2], 'what was older than all rounds is still there');
    assert.equal(rounds[2], 60, 'of the newest something was given up');
    assert.ok(rounds[0] === 0 || rounds[1] === 60, 'something older was kept before something newer');
  });
});

function typed(part: unknown): unknown {
  return part instanceof Uint8Array ? { bytes: [...part] } : part;
}

function issuesOf(parts: readonly EncodedPart[]): Map<string, readonly Issue[]> {
  const files = new Map<string, readonly Issue[]>();
  addIssues(files, parts);
  return files;
}

function packedHex(text: string): string {
  return Buffer.from(packBody(text)).toString('hex');
}
