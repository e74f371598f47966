/** Seeded faults: each is found, and nothing else is. On a generated workspace and on the sources of a real package. */
import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { generateWorkspace } from '../../../bench/graph/generate.ts';
import type { Detector } from '../../../workers/detector.ts';
import { detector as circular } from '../../../workers/detectors/circular/index.ts';
import { detector as imports } from '../../../workers/detectors/import/index.ts';
import { detector as packages } from '../../../workers/detectors/package/index.ts';
import { runDetector } from '../../support/run-detector.ts';

const REPOSITORY = path.resolve(import.meta.dirname, '../../..');
const OFF = { 'duplicate-import': 'off' };

interface Subject {
  readonly root: string;
  /** Modules under test, relative. */
  readonly files: readonly string[];
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
    return { root, files: files.sort() };
  },
};

async function found(detector: Detector, root: string): Promise<readonly string[]> {
  // What TypeScript would say as well is wanted here.
  const { issues } = await runDetector(detector, root, { dedupeWithTypescript: false, rules: OFF });
  return issues.map(({ file, rule, range }) => `${file}:${String(range.start.line)} ${rule}`);
}

/** Relative requests with names, of some files spread over all. */
function someImports(
  { root, files }: Subject,
  count: number,
): readonly { file: string; line: number; name: string; specifier: string; target: string }[] {
  const all = files.flatMap((file) =>
    readFileSync(path.join(root, file), 'utf8')
      .split('\n')
      .flatMap((text, line) => {
        const match = /^import \{ (\w+)(?: as \w+)?[^}]*\} from '(\.[^']+)';/.exec(text);
        if (!match?.[1] || !match[2]) return [];
        const base = path.posix.join(path.posix.dirname(file), match[2]);
        const target = files.includes(base) ? base : `${base}.ts`;
        return files.includes(target) ? [{ file, line, name: match[1], specifier: match[2], target }] : [];
      }),
  );
  return Array.from({ length: count }, (_, index) => all[Math.floor((all.length * index) / count)]).filter(
    (one) => one !== undefined,
  );
}

for (const [name, make] of Object.entries(subjects)) {
  describe(`mutants of ${name}`, function () {
    this.timeout(60_000);
    let subject: Subject = { root: '', files: [] };
    before(() => {
      subject = make();
    });
    after(() => {
      rmSync(subject.root, { recursive: true, force: true });
    });

    /** Applies a change to a file, and undoes it after the check. */
    async function withText(file: string, change: (text: string) => string, check: () => Promise<void>): Promise<void> {
      const absolute = path.join(subject.root, file);
      const text = readFileSync(absolute, 'utf8');
      const changed = change(text);
      assert.notEqual(changed, text);
      writeFileSync(absolute, changed);
      await check();
      writeFileSync(absolute, text);
    }

    it('none of which is there at first', async () => {
      assert.deepEqual(await found(imports, subject.root), []);
    });

    it('a misspelt name', async () => {
      for (const { file, line, name: imported } of someImports(subject, 5)) {
        await withText(
          file,
          (text) =>
            text
              .split('\n')
              .map((one, at) => (at === line ? one.replace(imported, `${imported}x`) : one))
              .join('\n'),
          async () => {
            assert.deepEqual(await found(imports, subject.root), [`${file}:${String(line)} missing-export`]);
          },
        );
      }
    });

    it('a renamed file: everyone who asked for it, and nobody else', async () => {
      for (const { target } of someImports(subject, 4)) {
        const [from, to] = [target, target.replace(/\.(\w+)$/, 'Renamed.$1')].map((file) =>
          path.join(subject.root, file),
        );
        if (from === undefined || to === undefined) continue;
        const stem = path.posix.basename(target).replace(/\.\w+$/, '');
        const asking = subject.files.filter((file) => {
          const text = readFileSync(path.join(subject.root, file), 'utf8');
          return file !== target && [...text.matchAll(/from '([^']+)'/g)].some(([, specifier = '']) => {
            const base = specifier.startsWith('@/') ? specifier.replace('@/', 'src/') : path.posix.join(path.posix.dirname(file), specifier);
            return path.posix.basename(base).replace(/\.\w+$/, '') === stem && (base === target || `${base}.ts` === target);
          });
        }); // prettier-ignore
        renameSync(from, to);
        const reported = await found(imports, subject.root);
        renameSync(to, from);
        assert.ok(asking.length > 0);
        const moved = target.replace(/\.(\w+)$/, 'Renamed.$1');
        const about = reported.filter((one) => !one.startsWith(`${moved}:`));
        assert.deepEqual([...new Set(about.map((one) => one.split(':')[0] ?? ''))].sort(), asking.toSorted());
        assert.ok(
          reported.every((one) => /unresolved(-package)?$/.test(one)),
          reported.join('\n'),
        );
      }
    });

    it('a letter in the wrong case', async () => {
      for (const { file, line, specifier } of someImports(subject, 4)) {
        const wrong = specifier.replace(/[a-z](?=[^/]*$)/, (letter) => letter.toUpperCase());
        if (wrong === specifier) continue;
        await withText(file, (text) => text.split('\n').map((one, at) => (at === line ? one.replace(`'${specifier}'`, `'${wrong}'`) : one)).join('\n'), async () => {
          assert.deepEqual(await found(imports, subject.root), [`${file}:${String(line)} case-mismatch`]);
        }); // prettier-ignore
      }
    });

    it('an import back', async () => {
      const before = (await found(circular, subject.root)).length;
      const [one] = someImports(subject, 3).filter(({ file, target }) => file !== target);
      assert.ok(one);
      const back = path.posix.relative(path.posix.dirname(one.target), one.file);
      const specifier = back.startsWith('.') ? back : `./${back}`;
      await withText(one.target, (text) => `import '${specifier.replace(/\.ts$/, '')}';\n${text}`, async () => {
        assert.ok((await found(circular, subject.root)).length >= Math.max(before, 1));
        const { issues } = await runDetector(circular, subject.root);
        const told = issues.flatMap(({ file, related = [] }) => [file, ...related.map((place) => place.file)]);
        assert.ok(told.includes(one.target), 'the new cycle is told');
      }); // prettier-ignore
    });

    it('a deleted dependency line', async () => {
      const file = subject.files[3] ?? assert.fail();
      const manifest = (dependencies: object): void => {
        writeFileSync(
          path.join(subject.root, 'package.json'),
          JSON.stringify({ name: 'copy', version: '1.0.0', dependencies }),
        );
      };
      await withText(file, (text) => `import 'some-package';\n${text}`, async () => {
        const unlisted = async (): Promise<readonly string[]> =>
          (await found(packages, subject.root)).filter((one) => one.endsWith('unlisted-dependency'));
        manifest({ 'some-package': '^1.0.0' });
        assert.deepEqual(await unlisted(), []);
        manifest({});
        assert.deepEqual(await unlisted(), [`${file}:0 unlisted-dependency`]);
      }); // prettier-ignore
    });
  });
}
