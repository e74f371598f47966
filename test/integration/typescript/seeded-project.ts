/** A small project that is broken and mended at random, by seed. */
import { config, type Files, type Workspace } from './support.ts';

const MODULES = 8;
export const UNIT = 'tsconfig.json';
const OPTIONS = { lib: ['es5'], noUnusedLocals: true, resolveJsonModule: true };

export type Random = (below: number) => number;

export interface Mutation {
  readonly name: string;
  readonly changed: readonly string[];
}

/** Eight modules in a row, each using the one before; every step breaks something more, or mends all. */
export class Project {
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
export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}
