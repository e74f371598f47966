/** Random edits by seed in one warm session, held against a cold `tsc` after each. */
import assert from 'node:assert/strict';
import { differenceOf } from '../../support/typescript-oracle.ts';
import { Asker, cleanUp, config, makeWorkspace, tscOf, versions, type Files, type Workspace } from './support.ts';

const STEPS = 12;
const SEEDS = [1, 3] as const;

for (const version of versions) {
  describe(`${version}: seeded defects, one after another`, function () {
    this.timeout(300_000);
    after(cleanUp);

    for (const seed of SEEDS) {
      it(`seed ${String(seed)}, ${String(STEPS)} steps`, async () => {
        const random = randomFrom(seed);
        const project = new Project();
        const workspace = await makeWorkspace(project.files(), version);
        const asker = new Asker(workspace);
        await asker.ask();
        const kinds = new Set<string>();
        let issues = 0;
        for (let step = 0; step < STEPS; step += 1) {
          const { name, changed } = await project.mutate(workspace, random);
          kinds.add(name);
          const where = `seed ${String(seed)}, step ${String(step)}: ${name} of ${changed.join(', ')}`;
          const said = tscOf(workspace, UNIT);
          // Every fourth time nobody says what changed; every third time the next edit comes before all is confirmed.
          await asker.ask(step % 4 === 3 ? {} : { changed });
          const theirs = await said;
          if (step % 3 === 2) continue;
          await asker.confirm();
          const ours = asker.linesOf(UNIT);
          if (project.stopsTsc) assert.deepEqual(differenceOf(ours, theirs).missing, [], where);
          else assert.deepEqual(ours, theirs, where);
          issues += ours.length;
        }
        assert.ok(kinds.size > 4 && issues >= 5, `${[...kinds].join(', ')}; ${String(issues)} issues`);
      });
    }
  });
}

const MODULES = 8;
const UNIT = 'tsconfig.json';
const OPTIONS = { lib: ['es5'], noUnusedLocals: true, resolveJsonModule: true };

type Random = (below: number) => number;

interface Mutation {
  readonly name: string;
  readonly changed: readonly string[];
}

/** Eight modules in a row, each using the one before; every step breaks something more, or mends all. */
class Project {
  readonly #clean = new Map<string, string>();
  readonly #now = new Map<string, string>();

  constructor() {
    this.#clean.set(UNIT, config(OPTIONS));
    this.#clean.set('src/data.json', '{ "size": 1 }\n');
    for (let index = 0; index < MODULES; index += 1) this.#clean.set(pathOf(index), moduleText(index));
    const all = Array.from({ length: MODULES }, (_, index) => `export * from './m${String(index)}';\n`);
    this.#clean.set('src/all.ts', all.join(''));
    for (const [file, text] of this.#clean) this.#now.set(file, text);
  }

  files(): Files {
    return Object.fromEntries(this.#now);
  }

  /** Syntax errors and wrong options keep `tsc` from checking types. */
  get stopsTsc(): boolean {
    return [...this.#now.values()].some((text) => text.includes('= ;') || text.includes('"bogus"'));
  }

  async mutate(workspace: Workspace, random: Random): Promise<Mutation> {
    const index = random(MODULES);
    const file = pathOf(index);
    const text = this.#now.get(file);
    const put = async (name: string, files: Files, removed: readonly string[] = []): Promise<Mutation> => {
      for (const [path, content] of Object.entries(files)) this.#now.set(path, String(content));
      await workspace.write(files);
      for (const path of removed) {
        this.#now.delete(path);
        await workspace.remove(path);
      }
      return { name, changed: [...Object.keys(files), ...removed] };
    };
    const add = (name: string, more: string): Promise<Mutation> =>
      put(name, { [file]: `${text ?? moduleText(index)}${more}` });
    const replace = (name: string, from: string, to: string): Promise<Mutation> =>
      put(name, { [file]: (text ?? moduleText(index)).replace(from, to) });
    switch (random(16)) {
      case 0:
        return replace('drop an export', 'export const', 'const');
      case 1:
        return replace('change a type', ': number', ': string');
      case 2:
        return add('use what is not there', 'export const missing = nowhere.at + all;\n');
      case 3:
        return add('break the syntax', 'const broken = ;\n');
      case 4: {
        const shifted = `\uFEFF/* 😀 */\r\n\r\n${(text ?? moduleText(1)).replace(/^\uFEFF/, '')}`;
        return put('shift lines and columns', { [file]: shifted });
      }
      case 5:
        return text === undefined
          ? put('bring a file back', { [file]: this.#clean.get(file) ?? '' })
          : put('delete a file', {}, [file]);
      case 6: {
        const more = { strict: random(2) === 0, ...(random(2) === 0 ? { bogus: true } : {}) };
        return put('change options', { [UNIT]: config({ ...OPTIONS, ...more }) });
      }
      case 7:
        return replace('change an inferred result', 'size: value', 'size: String(value)');
      case 8:
        return replace('change a private member', 'kept: T[] = []', 'kept: ((value: T) => void)[] = []');
      case 9:
        return replace('change a constant enum', 'Low,', 'Lowest, Low,');
      case 10:
        return replace('change what a namespace adds', 'unit = 1', "unit = ''");
      case 11:
        return add('declare for everyone', 'declare global { interface Array<T> { extra: T } }\n');
      case 12:
        return add('use what is declared for everyone', 'export const extra: string = [1].extra;\n');
      case 13:
        return put('change JSON', { 'src/data.json': random(2) === 0 ? '{ "size": "" }\n' : '{ "other": 1 }\n' });
      case 14: {
        if (text === undefined) return put('bring a file back', { [file]: this.#clean.get(file) ?? '' });
        const moved = text.replaceAll("from './", "from '../");
        return put('move a file', { [file.replace('.ts', '/index.ts')]: moved }, [file]);
      }
      default: {
        const removed = [...this.#now.keys()].filter((name) => !this.#clean.has(name));
        return put('mend everything', Object.fromEntries(this.#clean), removed);
      }
    }
  }
}

function pathOf(index: number): string {
  return `src/m${String(index)}.ts`;
}

function moduleText(index: number): string {
  const name = `m${String(index)}`;
  const before = `m${String(index - 1)}`;
  const first = index === 0;
  return `${first ? `import data from './data.json';\n` : `import { ${before}, make${before}, Level${before}, Keep${before}, type Box${before} } from './${before}';\n`}export interface Box${name} {
  readonly value: number;
  readonly kind: '${name}' | 'box' | 'a';
}
export const ${name}: Box${name} = { value: ${first ? 'data.size' : `${before}.value + 1`}, kind: 'box' };
export function make${name}(value = ${first ? '1' : `make${before}().size`}) { return { size: value }; }
export namespace make${name} { export const unit = 1; }
export const enum Level${name} { Low, High }
export class Keep${name}<T> { private readonly kept: T[] = []; get size(): number { return this.kept.length; } }
${
  first
    ? ''
    : `export const older: Box${before}['kind'] = ${before}.kind;
export const size: number = make${before}().size + make${before}.unit;
export const level: 1 = Level${before}.High;
export const wide = (keep: Keep${before}<'a'>): Keep${before}<string> => keep;
`
}`;
}

/** Mulberry32: small, and the same everywhere. */
function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}
