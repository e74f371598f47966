/** What the pages for contributors name exists: paths, links, headings, identifiers, and the terms of the glossary. */
import assert from 'node:assert/strict';
import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { repository } from '../../support/workspace.ts';

const pages = ['CONTRIBUTING.md', 'docs/architecture.md', 'docs/detectors.md'];
const read = (file: string): string => readFileSync(path.join(repository, file), 'utf8').replaceAll('\r\n', '\n');
const entries = readdirSync(repository);

/** Text in backticks, outside of blocks of code. */
function codeIn(text: string): readonly string[] {
  return [...text.replaceAll(/^```[^]*?^```$/gm, '').matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code);
}

/** Whether a piece of code names a path of the repository; `*` stands for any name, `<name>` for one to be chosen. */
function isPath(code: string): boolean {
  const [top = ''] = code.split('/');
  const isNamed = code.includes('/') ? entries.includes(top) : /^[\w.-]+\.(?:mjs|json|md)$/.test(code);
  return isNamed && !/\s/.test(code);
}

function exists(file: string): boolean {
  if (file.includes('*')) return globSync(file, { cwd: repository }).length > 0;
  return existsSync(path.join(repository, file));
}

/** As GitHub and VS Code make them from headings. */
function anchorsOf(text: string): ReadonlySet<string> {
  const headings = [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => heading);
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\w\- ]/g, '')
        .replaceAll(' ', '-'),
    ),
  );
}

/** Everything that people read or write names in: sources, settings, and what the user interface says. */
const sources = ['client', 'server', 'workers']
  .flatMap((folder) => globSync(`${folder}/**/*.ts`, { cwd: repository, exclude: (name) => /fixtures/.test(name) }))
  .concat('package.json')
  .map(read)
  .join('\n');

/** `worker group` is also written `worker-group`, `WorkerGroup` and `workerGroups`. */
function occurs(term: string, text: string): boolean {
  return new RegExp(`(?<![a-z])${term.replaceAll(' ', '[ -]?')}`, 'i').test(text);
}

for (const page of pages) {
  describe(page, () => {
    const text = read(page);

    it('names paths that exist', () => {
      const paths = codeIn(text).filter((code) => isPath(code) && !code.includes('<'));
      // Made when somebody records a baseline, or written by the user.
      const ofUsers = new Set(['bulkhead-baseline.json', 'bulkhead.config.json', 'tsconfig.json', 'settings.json']);
      const missing = paths.filter((file) => !ofUsers.has(file) && !exists(file));
      assert.deepEqual(missing, []);
    });

    it('has links that lead somewhere', () => {
      const broken = [...text.matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, link = '']) => {
        if (/^\w+:/.test(link)) return [];
        const [file = '', anchor] = link.split('#');
        const target = file === '' ? page : path.posix.join(path.posix.dirname(page), file);
        if (!existsSync(path.join(repository, target))) return [link];
        return anchor === undefined || anchorsOf(read(target)).has(anchor) ? [] : [link];
      });
      assert.deepEqual(broken, []);
    });

    it('names identifiers that exist', () => {
      const identifiers = codeIn(text).filter((code) => /^[A-Z][a-z]\w*(?:\.\w+)?$/.test(code));
      const parts = identifiers.flatMap((code) => code.split('.'));
      assert.deepEqual(
        parts.filter((part) => !new RegExp(`\\b${part}\\b`).test(sources)),
        [],
      );
    });
  });
}

describe('the glossary', () => {
  const [, glossary = ''] = read('docs/architecture.md').split('\n## Glossary\n');
  const terms = [...glossary.matchAll(/^\| ([^|]+) \| [^|]+ \|$/gm)]
    .map(([, term = '']) => term)
    .filter((term) => !/^(?:term|-+)$/.test(term));

  it('has each term once, in the order of the alphabet', () => {
    assert.ok(terms.length > 40, String(terms.length));
    assert.deepEqual(terms, [...new Set(terms)].toSorted());
  });

  it('has only terms that the code or the user interface uses', () => {
    assert.deepEqual(
      terms.filter((term) => !occurs(term, sources)),
      [],
    );
  });
});

describe('the invariants', () => {
  it('name the tests that hold them', () => {
    const [, section = ''] = /\n## Invariants\n([^]*?)\n## /.exec(read('docs/architecture.md')) ?? [];
    const rows = section.split('\n').filter((line) => line.startsWith('| **'));
    assert.ok(rows.length > 10);
    for (const row of rows) assert.match(row, /\| `test\/[\w/.-]+\.test\.ts`(?:, `test\/[\w/.-]+\.test\.ts`)* \|$/);
  });
});
