/** After an edit: which files are answered for at once, and that the rest is right when confirmed. */
import assert from 'node:assert/strict';
import { Asker, cleanUp, config, makeWorkspace, tscOf, versions, type Files } from './support.ts';

interface Step {
  readonly name: string;
  readonly write: Files;
  readonly remove?: readonly string[];
  /** Answered for at once, besides the configuration; `whole`: every file. */
  readonly files: readonly string[] | 'whole';
  /** What only looking at every file shows. */
  readonly late?: true;
}

/** A chain, a barrel, one that is apart, and one that only passes on. */
const start: Files = {
  'tsconfig.json': config({ lib: ['es5'], resolveJsonModule: true, declaration: true, stripInternal: true }),
  'src/data.json': '{ "size": 1 }\n',
  'src/model.ts': `export interface Model { readonly id: number; readonly part: Part }
interface Part { readonly weight: number }
/** @internal */
export const hidden = 1;
export const limit = 10;
export enum Level { Low, High }
export class Box<T> { private readonly kept: T[] = []; put(value: T): number { return this.kept.push(value); } }
export function compute() { return { value: limit }; }
`,
  'src/barrel.ts': `export * from './model';\nexport { helper as renamed } from './helper';\n`,
  'src/helper.ts': `export const helper = (text: string): string => text;\n`,
  'src/pass.ts': `import { compute } from './model';\nexport const passed = () => compute();\n`,
  'src/use-model.ts': `import type { Model } from './barrel';\nexport const weight = (model: Model): number => model.part.weight;\n`,
  'src/use-limit.ts': `import { limit } from './barrel';\nexport const ten: 10 = limit;\n`,
  'src/use-pass.ts': `import { passed } from './pass';\nexport const value: number = passed().value;\n`,
  'src/use-helper.ts': `import * as barrel from './barrel';\nexport const text: string = barrel.renamed('x');\n`,
  'src/use-hidden.ts': `import { hidden } from './model';\nexport const shown: number = hidden;\n`,
  'src/use-data.ts': `import data from './data.json';\nexport const size: number = data.size;\n`,
  'src/use-level.ts': `import { Level } from './model';\nexport const level: Level.High = Level.High;\nexport const at: 1 = Level.High as 1;\n`,
  'src/use-box.ts': `import { Box } from './model';
export const widen = (box: Box<'a'>): Box<string> => box;
`,
  'src/apart.ts': `export const apart = 1;\n`,
};

const model = String(start['src/model.ts']);
const onModel = (from: string, to: string): Files => {
  assert.ok(model.includes(from), from);
  return { 'src/model.ts': model.replace(from, to) };
};

const steps: readonly Step[] = [
  { name: 'nothing', write: {}, files: [] },
  {
    name: 'a body with an explicit result',
    write: { 'src/helper.ts': 'export const helper = (text: string): string => text.length;\n' },
    files: ['src/helper.ts'],
  },
  { name: 'mended', write: { 'src/helper.ts': String(start['src/helper.ts']) }, files: ['src/helper.ts'] },
  {
    name: 'a comment',
    write: onModel('export const limit', '/** Most. */\nexport const limit'),
    files: ['src/model.ts'],
  },
  {
    name: 'a local type that an exported one mentions',
    write: onModel('weight: number', 'weight: string'),
    files: ['src/barrel.ts', 'src/model.ts', 'src/use-helper.ts', 'src/use-model.ts'],
  },
  {
    name: 'an inferred result, through one that passes it on',
    write: onModel('value: limit', 'value: String(limit)'),
    files: [
      'src/barrel.ts', 'src/model.ts', 'src/pass.ts', 'src/use-helper.ts', 'src/use-model.ts', 'src/use-pass.ts',
    ], // prettier-ignore
  },
  {
    name: 'the type of a constant, through export *',
    write: onModel('limit = 10', 'limit = 11'),
    files: [
      'src/barrel.ts', 'src/model.ts', 'src/pass.ts', 'src/use-helper.ts', 'src/use-limit.ts', 'src/use-pass.ts',
    ], // prettier-ignore
  },
  {
    name: 'an internal declaration',
    write: onModel('hidden = 1', `hidden = ''`),
    files: ['src/barrel.ts', 'src/model.ts', 'src/use-helper.ts', 'src/use-hidden.ts', 'src/use-limit.ts'],
  },
  {
    name: 'members of an enum',
    write: onModel('Low, High', 'Low, Middle, High'),
    files: ['src/barrel.ts', 'src/model.ts', 'src/use-helper.ts', 'src/use-hidden.ts', 'src/use-level.ts'],
  },
  {
    name: 'a private member, which declarations do not show',
    write: onModel(
      'T[] = []; put(value: T): number { return this.kept.push(value); }',
      '((value: T) => void)[] = []; put(value: T): number { return this.kept.length; }',
    ),
    files: ['src/barrel.ts', 'src/model.ts', 'src/use-helper.ts', 'src/use-level.ts'],
    late: true,
  },
  { name: 'back', write: { 'src/model.ts': model }, files: ['src/model.ts'], late: true },
  {
    name: 'an export that was renamed',
    write: { 'src/helper.ts': 'export const helped = (text: string): string => text;\n' },
    files: ['src/barrel.ts', 'src/helper.ts', 'src/use-helper.ts'],
  },
  {
    name: 'one that is passed on under another name',
    write: { 'src/helper.ts': 'export const helper = (text: number): string => String(text);\n' },
    files: ['src/barrel.ts', 'src/helper.ts', 'src/use-helper.ts'],
  },
  { name: 'JSON', write: { 'src/data.json': '{ "size": "" }\n' }, files: ['src/data.json', 'src/use-data.ts'] },
  {
    name: 'two files at once',
    write: { 'src/apart.ts': 'export const apart: string = 1;\n', 'src/data.json': '{}\n' },
    files: ['src/apart.ts', 'src/data.json', 'src/use-data.ts'],
  },
  {
    name: 'a syntax error',
    write: { 'src/apart.ts': 'export const apart: string = 1;\nexport const =' },
    files: ['src/apart.ts'],
  },
  { name: 'and again', write: { 'src/apart.ts': 'export const apart: string = 1;\n' }, files: ['src/apart.ts'] },
  {
    name: 'a global declaration',
    write: { 'src/apart.ts': 'declare global { interface String { more: number } }\nexport const apart = "".more;\n' },
    files: 'whole',
  },
  { name: 'none any more', write: { 'src/apart.ts': 'export const apart = "".more;\n' }, files: 'whole' },
  {
    name: 'an augmentation of a module',
    write: {
      'src/apart.ts': `declare module './model' { interface Model { added: string } }\nexport const apart = 1;\n`,
    },
    files: 'whole',
  },
  { name: 'a script', write: { 'src/apart.ts': 'const apart = 1;\ninterface Array<T> { more: T }\n' }, files: 'whole' },
  { name: 'a module again', write: { 'src/apart.ts': 'export const apart = [1].more;\n' }, files: 'whole' },
  { name: 'a new file', write: { 'src/new.ts': 'export const fresh: string = 1;\n' }, files: 'whole' },
  {
    name: 'an edit that asks for it',
    write: { 'src/apart.ts': `import { fresh } from './new';\nexport const apart: number = fresh;\n` },
    files: ['src/apart.ts'],
  },
  {
    name: 'it moves, and what was asked for is another',
    write: { 'src/new/index.ts': 'export const fresh = 1;\n' },
    remove: ['src/new.ts'],
    files: 'whole',
  },
  { name: 'a file is gone', write: {}, remove: ['src/helper.ts'], files: 'whole' },
  { name: 'a declaration file', write: { 'src/ambient.d.ts': 'declare const ambient: number;\n' }, files: 'whole' },
  { name: 'another text of it', write: { 'src/ambient.d.ts': 'declare const ambient: string;\n' }, files: 'whole' },
];

/** TypeScript 7 tells no declarations: what concerns whom is read from the syntax, or it may concern any file. */
const unreadable: ReadonlySet<string> = new Set(['JSON', 'two files at once', 'a syntax error', 'and again']);

for (const version of versions) {
  describe(`${version}: after an edit`, function () {
    this.timeout(300_000);
    after(cleanUp);

    it('affected files are checked at once, and after revalidation all issues equal those of a cold tsc', async () => {
      const workspace = await makeWorkspace(start, version);
      const asker = new Asker(workspace);
      const declares = version !== 'TypeScript 7.0';
      await asker.ask();
      for (const { name, write, remove = [], files, late } of steps) {
        await workspace.write(write);
        for (const file of remove) await workspace.remove(file);
        const said = tscOf(workspace, 'tsconfig.json');
        const answer = await asker.ask({ changed: [...Object.keys(write), ...remove] });
        const tsc = await said;
        const isWhole = files === 'whole' || (!declares && unreadable.has(name));
        const kept = isWhole ? undefined : files.length === 0 ? 'unchanged' : 'affected';
        assert.equal(answer.kept['tsconfig.json'], kept, name);
        const expected = isWhole || files.length === 0 ? [] : [...files, 'tsconfig.json'];
        if (!isWhole && declares) assert.deepEqual(answer.files, expected, name);
        // By the words it uses of a namespace, one that takes all of it may be known not to be concerned.
        else assert.deepEqual(without(expected, [...answer.files, 'src/use-helper.ts']), [], name);
        if (late === true && declares) assert.notDeepEqual(asker.linesOf('tsconfig.json'), tsc, name);
        else assertSame(asker, tsc, name);
        if (isWhole) continue;
        await asker.confirm();
        assertSame(asker, tsc, `${name}, confirmed`);
      }
    });
  });
}

function without(files: readonly string[], others: readonly string[]): readonly string[] {
  return files.filter((file) => !others.includes(file));
}

/** `tsc` stops at syntax errors. */
function assertSame(asker: Asker, tsc: readonly string[], message: string): void {
  const ours = asker.linesOf('tsconfig.json');
  const stopped = tsc.some((line) => / TS1\d{3}: /.test(line));
  assert.deepEqual(stopped ? ours.filter((line) => tsc.includes(line)) : ours, tsc, message);
}
