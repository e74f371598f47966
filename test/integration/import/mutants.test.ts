/**
 * Seeded faults: each is found, and nothing else is, by any detector on the graph. On a generated workspace and on the
 * sources of a real package. What must be found is worked out here from the text alone, by regular expressions, and by
 * running Node.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { generateWorkspace } from '../../../bench/graph/generate.ts';
import { detector as circular } from '../../../workers/detectors/circular/index.ts';
import { detector as imports } from '../../../workers/detectors/import/index.ts';
import { detector as isolation } from '../../../workers/detectors/isolation/index.ts';
import { detector as packages } from '../../../workers/detectors/package/index.ts';
import type { Issue } from '../../../workers/protocol/detector-protocol.ts';
import { runDetector } from '../../support/run-detector.ts';

const REPOSITORY = path.resolve(import.meta.dirname, '../../..');

interface Subject {
  readonly root: string;
  /** Modules under test, relative. */
  readonly files: readonly string[];
  /** What Node can run. */
  readonly program?: string;
}

const subjects: Readonly<Record<string, () => Subject>> = {
  'a generated workspace': () => {
    const root = mkdtempSync(path.join(tmpdir(), 'bulkhead-mutants-'));
    const files = generateWorkspace(root, 120);
    return { root, files };
  },
  'the sources of a real package': () => {
    const root = mkdtempSync(path.join(tmpdir(), 'bulkhead-mutants-'));
    cpSync(path.join(REPOSITORY, 'node_modules/yaml/browser/dist'), path.join(root, 'src'), { recursive: true });
    writeFileSync(path.join(root, 'package.json'), JSON.stringify({ name: 'copy', private: true, type: 'module' }));
    const names = readdirSync(path.join(root, 'src'), { recursive: true, encoding: 'utf8' });
    const files = names.filter((name) => name.endsWith('.js')).map((name) => `src/${name.split(path.sep).join('/')}`);
    return { root, files: files.sort(), program: 'src/index.js' };
  },
};

/** One `import` or `export … from` of another file of the subject; lines from 0. */
interface Import {
  readonly file: string;
  readonly target: string;
  readonly specifier: string;
  readonly specifierLine: number;
  readonly names: readonly { readonly imported: string; readonly line: number }[];
}

function importsOf({ root, files }: Subject): readonly Import[] {
  const known = new Set(files);
  return files.flatMap((file) => {
    const text = readFileSync(path.join(root, file), 'utf8');
    const lineAt = (offset: number): number => text.slice(0, offset).split('\n').length - 1;
    const statement = /^(?:import|export)\b(?<what>[^;'"]*)'(?<specifier>[^'\n]+)'/gm;
    return [...text.matchAll(statement)].flatMap((match): readonly Import[] => {
      const { what = '', specifier = '' } = match.groups ?? {};
      const base = specifier.startsWith('@/')
        ? specifier.replace('@/', 'src/')
        : path.posix.join(path.posix.dirname(file), specifier);
      const target = [base, `${base}.ts`].find((one) => known.has(one));
      if (target === undefined || !/^[.@]\/|^\.\.\//.test(specifier)) return [];
      const names = [...what.matchAll(/([\w$]+)(?:\s+as\s+[\w$]+)?\s*(?=[,}])/g)].map(
        ({ 1: imported = '', index }) => ({
          imported,
          line: lineAt(match.index + match[0].indexOf(what) + index),
        }),
      );
      return [{ file, target, specifier, specifierLine: lineAt(match.index + match[0].length - 1), names }];
    });
  });
}

/** Some, spread over all. */
function spread<T>(all: readonly T[], count: number): readonly T[] {
  const picked = Array.from({ length: count }, (_, index) => all[Math.floor((all.length * index) / count)]);
  return picked.filter((one) => one !== undefined);
}

async function issuesOf(root: string): Promise<readonly Issue[]> {
  const runs = [circular, imports, isolation, packages].map((detector) =>
    // What TypeScript would say as well is wanted here.
    runDetector(detector, root, { dedupeWithTypescript: false, rules: { 'duplicate-import': 'off' } }),
  );
  return (await Promise.all(runs)).flatMap(({ issues }) => issues);
}

function told(issues: readonly Issue[]): readonly string[] {
  return issues
    .filter(({ detector }) => detector !== 'circular')
    .map(({ file, rule, range, detector }) => `${file}:${String(range.start.line)} ${detector}/${rule}`);
}

for (const [name, make] of Object.entries(subjects)) {
  describe(`mutants of ${name}`, function () {
    this.timeout(60_000);
    let subject: Subject = { root: '', files: [] };
    /** What is said of the subject as it is. */
    let standing: readonly string[] = [];
    before(async () => {
      subject = make();
      standing = told(await issuesOf(subject.root));
    });
    after(() => {
      rmSync(subject.root, { recursive: true, force: true });
    });

    /** What a change brings, of everything but cycles; those are compared with what the text tells. */
    async function broughtBy(changed: Readonly<Record<string, (text: string) => string>>): Promise<readonly string[]> {
      const originals = Object.keys(changed).map((file) => [file, readFileSync(path.join(subject.root, file), 'utf8')] as const); // prettier-ignore
      for (const [file, text] of originals) {
        const mutant = changed[file]?.(text) ?? text;
        assert.notEqual(mutant, text);
        writeFileSync(path.join(subject.root, file), mutant);
      }
      try {
        return await brought();
      } finally {
        for (const [file, text] of originals) writeFileSync(path.join(subject.root, file), text);
      }
    }

    async function brought(): Promise<readonly string[]> {
      const issues = await issuesOf(subject.root);
      assertCycles(subject, issues);
      return told(issues).filter((one) => !standing.includes(one));
    }

    it('none of which is there at first', () => {
      assert.deepEqual(
        standing.filter((one) => one.includes('import/')),
        [],
      );
    });

    it('a misspelt name', async () => {
      for (const { file, names } of spread(
        importsOf(subject).filter(({ names: own }) => own.length > 0),
        5,
      )) {
        const [{ imported, line } = assert.fail()] = names;
        const misspell = (text: string): string => atLine(text, line, (one) => one.replace(imported, `${imported}x`));
        assert.deepEqual(await broughtBy({ [file]: misspell }), [`${file}:${String(line)} import/missing-export`]);
      }
    });

    it('a removed export is reported at every import of it', async () => {
      const all = importsOf(subject);
      const wanted = spread(
        all.filter(({ names }) => names.length > 0),
        4,
      );
      for (const { target, names } of wanted) {
        const [{ imported: dropped } = assert.fail()] = names;
        const drop = (text: string): string =>
          text
            .replace(`export const ${dropped} `, `const ${dropped} `)
            .replace(/^export \{[^}]*\};$/m, (list) => list.replace(new RegExp(`\\b${dropped}\\b,? ?`), ''));
        const expected = all
          .filter((one) => one.target === target)
          .flatMap(({ file, names: own }) =>
            own.filter(({ imported }) => imported === dropped).map(({ line }) => `${file}:${String(line)} import/missing-export`),
          ); // prettier-ignore
        assert.deepEqual((await broughtBy({ [target]: drop })).toSorted(), expected.toSorted(), dropped);
      }
    });

    it('a renamed file is reported at every import of it', async () => {
      const all = importsOf(subject);
      for (const { target } of spread(all, 4)) {
        const moved = target.replace(/\.(\w+)$/, 'Renamed.$1');
        const original = subject;
        renameSync(path.join(subject.root, target), path.join(subject.root, moved));
        subject = { ...subject, files: subject.files.map((file) => (file === target ? moved : file)).sort() };
        try {
          const expected = all
            .filter((one) => one.target === target && one.file !== target)
            .map(({ file, specifierLine }) => `${file}:${String(specifierLine)} import/unresolved`);
          const found = (await brought()).filter((one) => !standing.includes(one.replace(moved, target)));
          assert.deepEqual(found.toSorted(), expected.toSorted());
        } finally {
          renameSync(path.join(subject.root, moved), path.join(subject.root, target));
          subject = original;
        }
      }
    });

    it('a letter in the wrong case', async () => {
      for (const { file, specifier, specifierLine } of spread(importsOf(subject), 4)) {
        const wrong = specifier.replace(/[a-z](?=[^/]*$)/, (letter) => letter.toUpperCase());
        const flip = (text: string): string =>
          atLine(text, specifierLine, (one) => one.replace(`'${specifier}'`, `'${wrong}'`));
        const expected = [`${file}:${String(specifierLine)} import/case-mismatch`];
        assert.deepEqual(await broughtBy({ [file]: flip }), expected);
      }
    });

    it('an import back: a cycle, and nothing but that', async () => {
      for (const { file, target } of spread(
        importsOf(subject).filter((one) => one.file !== one.target),
        4,
      )) {
        const back = path.posix.relative(path.posix.dirname(target), file).replace(/\.ts$/, '');
        const specifier = back.startsWith('.') ? back : `./${back}`;
        const importBack = (text: string): string => `${text}\nimport '${specifier}';\n`;
        assert.deepEqual(await broughtBy({ [target]: importBack }), []);
      }
    });

    it('a deleted dependency line', async () => {
      const file = subject.files[3] ?? assert.fail();
      const manifest = readFileSync(path.join(subject.root, 'package.json'), 'utf8');
      const use = (text: string): string => `${text}\nimport 'some-package';\n`;
      const line = use(readFileSync(path.join(subject.root, file), 'utf8')).split('\n').length - 2;
      const declared = JSON.stringify({
        ...(JSON.parse(manifest) as object),
        dependencies: { 'some-package': '^1.0.0' },
      });
      const aboutInstalling = 'package.json:0 import/unresolved-package';
      const withoutThat = (list: readonly string[]): readonly string[] => list.filter((one) => one !== aboutInstalling);
      assert.deepEqual(withoutThat(await broughtBy({ [file]: use, 'package.json': () => declared })), []);
      assert.deepEqual(await broughtBy({ [file]: use }), [`${file}:${String(line)} package/unlisted-dependency`]);
    });
  });
}

function atLine(text: string, line: number, change: (text: string) => string): string {
  return text
    .split('\n')
    .map((one, at) => (at === line ? change(one) : one))
    .join('\n');
}

/**
 * Cycles are told exactly where the text has some: every group of files that reach each other has a finding, every hop
 * is an import, and without the imports that are said to be cut nothing is left of any cycle. What is said to throw does.
 */
function assertCycles(subject: Subject, issues: readonly Issue[]): void {
  const edges = new Map<string, Set<string>>(subject.files.map((file) => [file, new Set()]));
  for (const { file, target } of importsOf(subject)) if (file !== target) edges.get(file)?.add(target);
  const groups = groupsOf(edges);
  const own = issues.filter(({ detector }) => detector === 'circular');
  const cycles = own.filter(({ rule }) => rule === 'import-cycle');
  const others = own.filter(({ rule }) => rule !== 'import-cycle' && rule !== 'cycle-uses-at-load');
  assert.deepEqual(others, []);
  const seen = new Set<string>();
  const cut = new Map([...edges].map(([file, targets]) => [file, new Set(targets)]));
  for (const { file, related = [] } of cycles) {
    const path_ = related.map((place) => place.file);
    assert.equal(path_[0], file);
    path_.forEach((from, index) => {
      const to = path_[(index + 1) % path_.length] ?? '';
      assert.ok(edges.get(from)?.has(to), `${from} imports ${to}`);
    });
    const group = groups.find((one) => one.includes(file)) ?? assert.fail(`${file} is in no cycle`);
    seen.add(group.join());
    cut.get(file)?.delete(path_[1] ?? '');
  }
  assert.deepEqual([...seen].sort(), groups.map((group) => group.join()).sort());
  assert.ok(cycles.length < 10, 'not all imports to cut may be told');
  assert.deepEqual(groupsOf(cut), []);
  assertEarlyReads(
    subject,
    own.filter(({ rule }) => rule === 'cycle-uses-at-load'),
  );
}

/** Node throws where an early read is told, when it comes in that way; and the program runs where none is an error. */
function assertEarlyReads({ root, program }: Subject, early: readonly Issue[]): void {
  if (program === undefined) {
    assert.deepEqual(early, []);
    return;
  }
  const run = (file: string): string =>
    spawnSync(process.execPath, [path.join(root, file)], { encoding: 'utf8', timeout: 30_000 }).stderr;
  for (const { message } of early) {
    const entry = /entered through (\S+?)[,:]/.exec(message)?.[1] ?? assert.fail(message);
    assert.match(run(entry), /ReferenceError: Cannot access|TypeError/, message);
  }
  if (early.length > 0 && !early.some(({ severity }) => severity === 'error'))
    assert.doesNotMatch(run(program), /ReferenceError/);
}

/** Groups of more than one file that reach each other, sorted. */
function groupsOf(edges: ReadonlyMap<string, ReadonlySet<string>>): readonly (readonly string[])[] {
  const reached = new Map(
    Array.from(edges.keys(), (file) => {
      const seen = new Set<string>();
      const pending = [file];
      for (let one = pending.pop(); one !== undefined; one = pending.pop()) {
        for (const target of edges.get(one) ?? []) {
          if (seen.has(target)) continue;
          seen.add(target);
          pending.push(target);
        }
      }
      return [file, seen] as const;
    }),
  );
  const files = [...edges.keys()].sort();
  const groups = files.map((file) =>
    files.filter((other) => reached.get(file)?.has(other) && reached.get(other)?.has(file)),
  );
  return groups.filter((group, index) => group.length > 1 && group[0] === files[index]);
}
