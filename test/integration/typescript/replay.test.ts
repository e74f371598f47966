/** Random edits by seed in one warm session, held against a cold `tsc` after each. */
import assert from 'node:assert/strict';
import { differenceOf } from '../../support/typescript-oracle.ts';
import { cleanUp, config, linesByUnit, makeWorkspace, run, tscOf, versions, type Workspace } from './support.ts';

const STEPS = 10;
const SEEDS = [1, 20] as const;

for (const version of versions) {
  describe(`${version}: seeded defects, one after another`, function () {
    this.timeout(120_000);
    after(cleanUp);

    for (const seed of SEEDS) {
      it(`seed ${String(seed)}, ${String(STEPS)} steps`, async () => {
        const random = randomFrom(seed);
        const project = new Project();
        const workspace = await makeWorkspace(project.files(), version);
        const kinds = new Set<string>();
        let issues = 0;
        for (let step = 0; step < STEPS; step += 1) {
          const { name, changed } = await project.mutate(workspace, random);
          kinds.add(name);
          const found = await run(workspace, {}, step % 4 === 3 ? {} : { changed });
          const where = `seed ${String(seed)}, step ${String(step)}: ${name} of ${changed.join(', ')}`;
          assert.deepEqual(found.problems, [], where);
          for (const [unit, ours] of linesByUnit(found)) {
            const theirs = await tscOf(workspace, unit);
            if (project.stopsTsc) assert.deepEqual(differenceOf(ours, theirs).missing, [], where);
            else assert.deepEqual(ours, theirs, where);
            issues += ours.length;
          }
        }
        assert.ok(kinds.size > 4 && issues >= 5, `${[...kinds].join(', ')}; ${String(issues)} issues`);
      });
    }
  });
}

const MODULES = 8;

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
    this.#clean.set('tsconfig.json', config({ lib: ['es5'], noUnusedLocals: true }));
    for (let index = 0; index < MODULES; index += 1) this.#clean.set(`src/m${String(index)}.ts`, moduleText(index));
    for (const [file, text] of this.#clean) this.#now.set(file, text);
  }

  files(): Readonly<Record<string, string>> {
    return Object.fromEntries(this.#now);
  }

  /** Syntax errors and wrong options keep `tsc` from checking types. */
  get stopsTsc(): boolean {
    return [...this.#now.values()].some((text) => text.includes('= ;') || text.includes('"bogus"'));
  }

  async mutate(workspace: Workspace, random: Random): Promise<Mutation> {
    const file = `src/m${String(random(MODULES))}.ts`;
    const text = this.#now.get(file);
    const edit = async (name: string, changedText: string): Promise<Mutation> => {
      this.#now.set(file, changedText);
      await workspace.write({ [file]: changedText });
      return { name, changed: [file] };
    };
    switch (random(8)) {
      case 0:
        return edit('drop an export', (text ?? moduleText(0)).replace('export const', 'const'));
      case 1:
        return edit('change a type', (text ?? moduleText(0)).replace(': number', ': string'));
      case 2:
        return edit('use what is not there', `${text ?? ''}export const missing = nowhere.at + all;\n`);
      case 3:
        return edit('break the syntax', `${text ?? ''}const broken = ;\n`);
      case 4:
        return edit(
          'shift lines and columns',
          `\uFEFF/* 😀 */\r\n\r\n${(text ?? moduleText(1)).replace(/^\uFEFF/, '')}`,
        );
      case 5: {
        if (text === undefined) return edit('bring a file back', this.#clean.get(file) ?? '');
        this.#now.delete(file);
        await workspace.remove(file);
        return { name: 'delete a file', changed: [file] };
      }
      case 6: {
        const options = config({ lib: ['es5'], strict: random(2) === 0, ...(random(2) === 0 ? { bogus: true } : {}) });
        this.#now.set('tsconfig.json', options);
        await workspace.write({ 'tsconfig.json': options });
        return { name: 'change options', changed: ['tsconfig.json'] };
      }
      default: {
        for (const [name, clean] of this.#clean) this.#now.set(name, clean);
        await workspace.write(this.files());
        return { name: 'mend everything', changed: [...this.#clean.keys()] };
      }
    }
  }
}

function moduleText(index: number): string {
  const name = `m${String(index)}`;
  const before = `m${String(index - 1)}`;
  return `${index === 0 ? '' : `import { ${before}, type Box${before} } from './${before}';\n`}export interface Box${name} {
  readonly value: number;
  readonly kind: '${name}' | 'box' | 'a';
}
export const ${name}: Box${name} = { value: ${index === 0 ? '1' : `${before}.value + 1`}, kind: 'box' };
${index === 0 ? '' : `export const older: Box${before}['kind'] = ${before}.kind;\n`}`;
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
