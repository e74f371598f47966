import assert from 'node:assert/strict';
import path from 'node:path';
import { UnreadableFile } from '../../../workers/protocol/read-file.ts';
import { TsconfigReader, type Tsconfig } from '../../../workers/reading/tsconfig.ts';

const ROOT = path.resolve('/ws');
const at = (file: string): string => path.join(ROOT, file);

/** Reads `tsconfig.json` among these files, which lie in no real folder. `null`: a pipe. */
function read(files: Readonly<Record<string, object | string | null>>, members: Readonly<Record<string, string>> = {}): Tsconfig {
  const known = new Map(Object.entries(files).map(([file, content]) => [at(file), content]));
  const isFolder = (folder: string): boolean => [...known.keys()].some((file) => file.startsWith(folder + path.sep));
  return new TsconfigReader({
    read: (file) => {
      const content = known.get(file);
      if (content === undefined) throw new UnreadableFile('ENOENT', 'it does not exist');
      if (content === null) throw new UnreadableFile('ENOTFILE', 'it is a named pipe, not a file');
      return typeof content === 'string' ? content : JSON.stringify(content);
    },
    entryAt: (file) => {
      const content = known.get(file);
      return content === null ? 'other' : content !== undefined ? 'file' : isFolder(file) ? 'directory' : 'nothing';
    },
    memberFolder: (name) => (members[name] === undefined ? undefined : at(members[name])),
  }).read(at('tsconfig.json'));
} // prettier-ignore

const kinds = ({ flaws }: Tsconfig): readonly string[] => flaws.map(({ kind }) => kind);
const includes = (config: Tsconfig, file: string): boolean => config.includes(at(file).split(path.sep).join('/'));

describe('tsconfigs', () => {
  it('count for themselves where their base is missing, and say what they miss', () => {
    const config = read({
      'tsconfig.json': { extends: ['./gone.json', '@scope/config/base.json'], compilerOptions: { baseUrl: '.', paths: { '@/*': ['src/*'] } } },
    }); // prettier-ignore
    assert.deepEqual(config.pathsOf?.('@/a'), [at('src/a').split(path.sep).join('/')]);
    assert.deepEqual(kinds(config), ['base', 'package']);
    assert.deepEqual(config.flaws[0]?.range.start.line, 0);
    assert.deepEqual(config.awaited, [at('gone.json')]);
  });

  it('extend packages: installed ones, members without a link, by exports, by a field, and by a subpath', () => {
    const base = { compilerOptions: { strict: true } };
    const extended = (name: string, files: Readonly<Record<string, object>>, members = {}): readonly string[] =>
      read({ 'tsconfig.json': { extends: name }, ...files }, members).bases.map((file) => path.relative(ROOT, file).split(path.sep).join('/')); // prettier-ignore
    assert.deepEqual(extended('@repo/ts/base.json', { 'packages/ts/base.json': base }, { '@repo/ts': 'packages/ts' }), ['packages/ts/base.json']); // prettier-ignore
    assert.deepEqual(extended('c/base', { 'node_modules/c/base.json': base }), ['node_modules/c/base.json']);
    assert.deepEqual(extended('c', { 'node_modules/c/package.json': { tsconfig: './x.json' }, 'node_modules/c/x.json': base }), ['node_modules/c/x.json']); // prettier-ignore
    assert.deepEqual(extended('c/strict', { 'node_modules/c/package.json': { exports: { './strict': './y.json' } }, 'node_modules/c/y.json': base }), ['node_modules/c/y.json']); // prettier-ignore
    assert.deepEqual(extended('c', { 'node_modules/c/tsconfig.json': base }), ['node_modules/c/tsconfig.json']);
  });

  it('are merged in order; null removes, and lists of files replace each other', () => {
    const config = read({
      'tsconfig.json': { extends: ['./a.json', './sub/b'], compilerOptions: { declarationDir: null, outDir: '${configDir}/out' } },
      'a.json': { compilerOptions: { declarationDir: 'types', target: 'es2020', strict: true }, include: ['a'] },
      'sub/b.json': { compilerOptions: { target: 'es2022', paths: { x: ['./x'] } }, include: ['b', '${configDir}/c'] },
    }); // prettier-ignore
    assert.deepEqual(
      { ...config.options, paths: undefined },
      { target: 'es2022', strict: true, outDir: at('out'), paths: undefined },
    );
    assert.deepEqual(config.pathsOf?.('x'), [at('sub/x').split(path.sep).join('/')]);
    assert.deepEqual(
      ['a/1.ts', 'sub/b/1.ts', 'c/1.ts'].map((file) => includes(config, file)),
      [false, true, true],
    );
  });

  it('that extend themselves say where, and count for themselves', () => {
    const config = read({
      'tsconfig.json': { extends: './b.json', compilerOptions: { strict: true } },
      'b.json': '{\n  "extends": "./tsconfig.json", "compilerOptions": { "target": "es2020" }\n}',
    });
    assert.deepEqual(config.options, { target: 'es2020', strict: true });
    const [flaw] = config.flaws;
    assert.deepEqual([flaw?.kind, flaw?.file, flaw?.range.start], ['cycle', at('b.json'), { line: 1, character: 13 }]);
    assert.match(flaw?.message ?? '', /tsconfig\.json → b\.json → tsconfig\.json/);
    assert.deepEqual(kinds(read({ 'tsconfig.json': { extends: './tsconfig.json' } })), ['cycle']);
  });

  it('say what no compiler may be asked about', () => {
    assert.deepEqual(kinds(read({ 'tsconfig.json': { extends: './pipe.json' }, 'pipe.json': null })), ['blocking']);
    const deep = `{"compilerOptions":${'{"a":'.repeat(5_000)}1${'}'.repeat(5_001)}`;
    assert.deepEqual(kinds(read({ 'tsconfig.json': deep })), ['blocking']);
  });

  it('never fail, whatever their values are', () => {
    const odd: readonly unknown[] = [null, 5, '', 'x', [], [null], [5], {}, { '': null }, [{}], [[]], { path: null }];
    const fields = ['extends', 'files', 'include', 'exclude', 'references', 'compilerOptions'];
    const options = ['paths', 'baseUrl', 'outDir', 'rootDirs', 'types', 'moduleSuffixes', 'customConditions', 'allowJs', 'jsx'];
    for (const value of odd) {
      for (const field of fields) includes(read({ 'tsconfig.json': { [field]: value } }), 'a.ts');
      for (const name of options) read({ 'tsconfig.json': { compilerOptions: { [name]: value } } }).pathsOf?.('a');
      includes(read({ 'tsconfig.json': JSON.stringify(value) }), 'a.ts');
    }
  }); // prettier-ignore

  it('include components by patterns that mean them, and scripts only if they take them', () => {
    const files = ['src/App.vue', 'src/a.ts', 'src/a.js', 'src/x/B.svelte'];
    const included = (config: object): readonly boolean[] => files.map((file) => includes(read({ 'tsconfig.json': config }), file)); // prettier-ignore
    assert.deepEqual(included({ include: ['src/**/*', 'src/**/*.vue'] }), [true, true, false, true]);
    assert.deepEqual(included({ include: ['src/*.vue'] }), [true, false, false, false]);
    assert.deepEqual(included({ include: ['src/**/*.ts'] }), [false, true, false, false]);
    assert.deepEqual(included({ files: ['src/App.vue'] }), [true, false, false, false]);
    assert.deepEqual(included({ compilerOptions: { allowJs: true } }), [true, true, true, true]);
    assert.deepEqual(included({ files: [], references: [{ path: './x' }] }), [false, false, false, false]);
    assert.equal(read({ 'tsconfig.json': { files: [], references: [{ path: './x' }] } }).isSolution, true);
  });
});
