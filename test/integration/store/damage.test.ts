/** Every kind of damage to the files of a small store, in this process and without its thread, so that all fit in. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { DATABASE_NAME, type DatabaseFile } from '../../../server/store/database-file.ts';
import type { LoadedUnit } from '../../../server/store/operations.ts';
import { SCHEMA_VERSION } from '../../../server/store/schema.ts';
import { SNAPSHOT_NAME } from '../../../server/store/snapshot.ts';
import { Connection } from '../../../server/store/sqlite.ts';
import { fileResult, openFile, putUnit, temporaryFolders, unitsIn, type OpenedFile } from '../../unit/store/support.ts';

/** The smallest pages, so that each byte of a file can be tried. */
const pageSize = 512;
const results = [fileResult('a.ts', 1), fileResult('b.ts', 0), fileResult('c.ts', 2, 'newer'), fileResult('d.ts', 1)];
const truth = new Map(results.map((result) => [result.unit, JSON.stringify(putUnit(result))]));

describe('store: damaged files', function () {
  this.timeout(300_000);
  const folder = temporaryFolders(true);
  let dir: string;
  let good: Buffer;

  beforeEach(() => {
    dir = folder('damage');
    fill(openFile(dir, { pageSize }).file);
    good = readFileSync(path.join(dir, DATABASE_NAME));
    assert.ok(good.length < 20_000, `${good.length} bytes are too many to try each`);
  });

  it('never give a wrong result if any byte is flipped', () => {
    let [aside, dropped, unharmed] = [0, 0, 0];
    for (let at = 0; at < good.length; at += 1) {
      const bytes = Buffer.from(good);
      // Another bit each time, over all eight.
      bytes[at] = (bytes[at] ?? 0) ^ (1 << (at % 8));
      const { loaded, recovered } = openDamaged(dir, bytes, `byte ${at}`);
      if (recovered) aside += 1;
      else if (loaded < results.length) dropped += 1;
      else unharmed += 1;
    }
    // Each way out has been taken, or the test has tested less than it says.
    assert.ok(
      aside > 100 && dropped > 100 && unharmed > 100,
      `${aside} set aside, ${dropped} dropped, ${unharmed} unharmed`,
    );
  });

  it('never give a wrong result if any page is zeroed, replaced by another, or filled with noise', () => {
    const pages = good.length / pageSize;
    for (let page = 0; page < pages; page += 1) {
      const start = page * pageSize;
      const other = ((page + 1) % pages) * pageSize;
      const fillings: Readonly<Record<string, Buffer>> = {
        zeroed: Buffer.alloc(pageSize),
        'like another': good.subarray(other, other + pageSize),
        noise: Buffer.from(Array.from({ length: pageSize }, (_, index) => (index * 197 + page * 31 + 7) % 256)),
      };
      for (const [name, filling] of Object.entries(fillings)) {
        const bytes = Buffer.from(good);
        filling.copy(bytes, start);
        openDamaged(dir, bytes, `page ${page} ${name}`);
      }
    }
  });

  it('never give a wrong result if they are cut at any of 500 lengths', () => {
    for (let step = 0; step < 500; step += 1) {
      const length = Math.floor((good.length * step) / 500);
      openDamaged(dir, good.subarray(0, length), `length ${length}`);
    }
  });

  it('never give a wrong result if the log is lost, cut, flipped, or of another database', () => {
    const { file } = openFile(dir, { pageSize });
    file.run((database) => database.write([putUnit({ ...fileResult('a.ts', 3), fingerprint: 'newest' })]));
    const names = ['', '-wal', '-shm'].map((ending) => DATABASE_NAME + ending);
    const live = new Map(names.map((name) => [name, readFileSync(path.join(dir, name))]));
    file.close();
    const log = live.get(`${DATABASE_NAME}-wal`) ?? Buffer.alloc(0);
    assert.ok(log.length > 1000, 'there is no log to damage');
    const newest = new Map(truth).set(
      'a.ts',
      JSON.stringify(putUnit({ ...fileResult('a.ts', 3), fingerprint: 'newest' })),
    );
    const cases: (readonly [string, Buffer | undefined])[] = [
      ['lost', undefined],
      ['noise', Buffer.alloc(4000, 'noise')],
    ];
    for (let at = 0; at < log.length; at += 13) {
      const bytes = Buffer.from(log);
      bytes[at] = (bytes[at] ?? 0) ^ 0x10;
      cases.push([`flipped at ${at}`, bytes], [`cut at ${at}`, log.subarray(0, at)]);
    }
    for (const [name, bytes] of cases) {
      clean(dir);
      for (const [each, content] of live) writeFileSync(path.join(dir, each), content);
      if (bytes === undefined) rmSync(path.join(dir, `${DATABASE_NAME}-wal`));
      else writeFileSync(path.join(dir, `${DATABASE_NAME}-wal`), bytes);
      const opened = openFile(dir, { pageSize });
      const units = opened.file.run((database) => unitsIn(database));
      for (const unit of units) {
        assert.ok(
          truth.get(unit.unit) === textOf(unit) || newest.get(unit.unit) === textOf(unit),
          `${unit.unit} is wrong: log ${name}`,
        );
      }
      // What had been checkpointed is still there.
      assert.equal(units.length, results.length, `log ${name}`);
      opened.file.close();
    }
  });

  it('are set aside with a message if they are not a store of this version', () => {
    const cases: Readonly<Record<string, () => void>> = {
      'a version of the future': () => alter(`PRAGMA user_version = ${SCHEMA_VERSION + 1}`),
      'another program': () => alter('PRAGMA application_id = 1'),
      'other tables': () => alter('ALTER TABLE facts RENAME TO truths'),
      'one table more': () => alter('CREATE TABLE more (x)'),
      'no database': () => writeFileSync(path.join(dir, DATABASE_NAME), 'no database at all'.repeat(99)),
    };
    for (const [name, damage] of Object.entries(cases)) {
      clean(dir);
      writeFileSync(path.join(dir, DATABASE_NAME), good);
      damage();
      const damaged = readFileSync(path.join(dir, DATABASE_NAME));
      const { file, messages } = openFile(dir, { pageSize });
      assert.equal(file.memoryReason, undefined);
      assert.deepEqual(
        file.run((database) => unitsIn(database)),
        [],
        name,
      );
      assert.equal(messages.length, 1, messages.join('\n'));
      assert.match(messages[0] ?? '', /is not usable \(.+\) and was renamed to store-\d+\.sqlite\.damaged-/);
      const [kept] = file.setAside();
      assert.ok(kept);
      assert.deepEqual(
        readFileSync(path.join(dir, kept)),
        damaged,
        `${name}: what was set aside is not what was found`,
      );
      assertWorks({ file, messages });
      file.close();
    }
  });

  it('are kept at most twice', () => {
    for (let time = 0; time < 5; time += 1) {
      writeFileSync(path.join(dir, DATABASE_NAME), `nonsense ${time}`.repeat(99));
      openFile(dir, { pageSize }).file.close();
    }
    const kept = readdirSync(dir)
      .filter((name) => name.includes('.damaged-'))
      .sort();
    assert.equal(kept.length, 2, kept.join(', '));
    assert.match(readFileSync(path.join(dir, kept[1] ?? ''), 'utf8'), /^nonsense 4/);
  });

  it('are replaced by the last snapshot', () => {
    const { file } = openFile(dir, { pageSize });
    assert.ok(file.snapshot());
    file.run((database) => database.write([putUnit(fileResult('after the snapshot.ts', 1))]));
    file.close();
    writeFileSync(path.join(dir, DATABASE_NAME), 'nonsense'.repeat(999));
    const opened = openFile(dir, { pageSize });
    assert.match(opened.messages[0] ?? '', /The last snapshot replaces it/);
    assert.deepEqual(
      opened.file
        .run((database) => unitsIn(database))
        .map(textOf)
        .sort(),
      [...truth.values()].sort(),
    );
    opened.file.close();
  });

  it('are replaced by an empty store if any page of the snapshot is damaged too', () => {
    const { file } = openFile(dir, { pageSize });
    assert.ok(file.snapshot());
    file.close();
    const snapshot = readFileSync(path.join(dir, SNAPSHOT_NAME));
    for (let page = 0; page < snapshot.length / pageSize; page += 1) {
      clean(dir);
      const bytes = Buffer.from(snapshot);
      bytes.fill(0xa5, page * pageSize, (page + 1) * pageSize);
      writeFileSync(path.join(dir, SNAPSHOT_NAME), bytes);
      writeFileSync(path.join(dir, DATABASE_NAME), 'nonsense'.repeat(999));
      const opened = openFile(dir, { pageSize });
      assertTrue(opened.file, `page ${page} of the snapshot`);
      assertWorks(opened);
      opened.file.close();
    }
  });

  it('are repaired while they are open', () => {
    const opened = openFile(dir, { pageSize });
    assert.ok(opened.file.snapshot());
    opened.file.run((database) => database.connection.all('PRAGMA wal_checkpoint(TRUNCATE)'));
    const bytes = Buffer.from(good).fill(0xff, pageSize);
    writeFileSync(path.join(dir, DATABASE_NAME), bytes);
    // What SQLite has in memory need not notice; a new look at the file does.
    opened.file.run((database) => database.connection.exec('PRAGMA shrink_memory'));
    assertTrue(opened.file, 'damaged while open');
    assertWorks(opened);
    opened.file.close();
  });

  it('are recreated if they or their folder are deleted while open', () => {
    const opened = openFile(dir, { pageSize });
    rmSync(path.join(dir, DATABASE_NAME));
    assert.deepEqual(
      opened.file.run((database) => unitsIn(database)),
      [],
    );
    assertWorks(opened);
    rmSync(dir, { recursive: true });
    assert.deepEqual(
      opened.file.run((database) => unitsIn(database)),
      [],
    );
    assertWorks(opened);
    assert.ok(existsSync(path.join(dir, DATABASE_NAME)));
    assert.deepEqual(opened.messages, []);
    opened.file.close();
  });

  it('are reopened after another process repaired them', () => {
    const [one, two] = [openFile(dir, { pageSize }), openFile(dir, { pageSize })];
    truncateSync(path.join(dir, DATABASE_NAME), 700);
    one.file.close();
    const three = openFile(dir, { pageSize });
    assert.equal(three.file.recoveries, 1);
    three.file.run((database) => database.write([putUnit(fileResult('from three.ts', 1))]));
    two.file.run((database) => database.write([putUnit(fileResult('from two.ts', 1))]));
    assert.deepEqual(
      three.file
        .run((database) => unitsIn(database))
        .map(({ unit }) => unit)
        .sort(),
      ['from three.ts', 'from two.ts'],
    );
    assert.equal(two.file.recoveries, 0);
    for (const { file } of [two, three]) file.close();
  });

  function alter(sql: string): void {
    const connection = new Connection(path.join(dir, DATABASE_NAME));
    connection.exec(sql);
    connection.all('PRAGMA wal_checkpoint(TRUNCATE)');
    connection.close();
  }
});

function fill(file: DatabaseFile): void {
  file.run((database) => database.write(results.slice(0, 3).map(putUnit)));
  file.run((database) => {
    database.write([
      putUnit(fileResult('d.ts', 1)),
      { type: 'put-fact', kind: 'record', file: 'a.ts', hash: '1', body: 'text' },
      { type: 'put-note', kind: 'quarantine', key: 'a', body: '1' },
      { type: 'append-history', at: 1, body: '1' },
    ]);
  });
  file.close();
}

function clean(dir: string): void {
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(dir);
}

/** Opens a store whose file is as given, and holds it to the truth. */
function openDamaged(
  dir: string,
  bytes: Uint8Array,
  what: string,
): { readonly loaded: number; readonly recovered: boolean } {
  clean(dir);
  writeFileSync(path.join(dir, DATABASE_NAME), bytes);
  let opened: OpenedFile;
  try {
    opened = openFile(dir, { pageSize });
  } catch (error) {
    throw new Error(`opening threw: ${what}`, { cause: error });
  }
  const { file } = opened;
  const loaded = assertTrue(file, what);
  assert.equal(file.memoryReason, undefined, what);
  assertWorks(opened, what);
  const recovered = file.recoveries > 0;
  file.close();
  return { loaded, recovered };
}

/** All that it gives is what was put. @returns how much that is */
function assertTrue(file: DatabaseFile, what: string): number {
  const units = file.run((database) => unitsIn(database));
  for (const unit of units) assert.equal(textOf(unit), truth.get(unit.unit), `${unit.unit} is wrong: ${what}`);
  const rest = file.run((database) => [
    database.facts('record').items,
    database.notes('quarantine'),
    database.history(9),
  ]);
  const whole = [[{ file: 'a.ts', hash: '1', body: 'text' }], [{ key: 'a', body: '1' }], [{ at: 1, body: '1' }]];
  for (const [index, items] of rest.entries()) if (items.length > 0) assert.deepEqual(items, whole[index], what);
  return units.length;
}

/** What is put now is there now. */
function assertWorks({ file }: OpenedFile, what?: string): void {
  const result = putUnit(fileResult('new.ts', 2, 'afterwards'));
  file.run((database) => database.write([result]));
  const found = file.run((database) => unitsIn(database)).filter(({ unit }) => unit === 'new.ts');
  assert.deepEqual(found.map(textOf), [JSON.stringify(result)], what);
}

function textOf({ detector, unit, fingerprint, engine, parts }: LoadedUnit): string {
  return JSON.stringify({ type: 'put-unit', detector, unit, fingerprint, engine, parts });
}
