/** A workspace whose true issues are known whatever happens to its files: each file has one of a few known texts. */
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Diagnostic } from 'vscode-languageserver-protocol/node';
import { makeWorkspace, type TestWorkspace } from '../../support/workspace.ts';

export const scriptCount = 24;
const typedCount = 8;

/** Text of a file and the rules that find something in it. */
type Variant = readonly [text: string, rules: readonly string[]];

const scripts: readonly Variant[] = [
  ['export const value = 1;\n', []],
  ['debugger;\nexport const value = 1;\n', ['no-debugger']],
  ['var value = 1;\nexport { value };\ndebugger;\n', ['no-debugger', 'no-var']],
];
const typed: readonly Variant[] = [
  ['export const value: number = 1;\n', []],
  ["export const value: number = 'one';\n", ['TS2322']],
  ['export const value = missing;\n', ['TS2304']],
];

export class KnownFiles implements AsyncDisposable {
  readonly root: string;
  readonly #workspace: TestWorkspace;
  readonly #pick: (below: number) => number;
  readonly #truth = new Map<string, readonly string[]>();

  private constructor(workspace: TestWorkspace, pick: (below: number) => number) {
    this.root = workspace.root;
    this.#workspace = workspace;
    this.#pick = pick;
  }

  /** @param pick a whole number below the given one */
  static async make(pick: (below: number) => number): Promise<KnownFiles> {
    const workspace = await makeWorkspace({
      'package.json': '{ "name": "known", "private": true, "type": "module" }\n',
      'tsconfig.json':
        '{ "compilerOptions": { "strict": true, "module": "nodenext", "noEmit": true, "lib": ["es2023"], "types": [], "skipLibCheck": true }, "include": ["src/*.ts"] }\n',
      'eslint.config.js':
        "export default [{ files: ['**/*.js'], rules: { 'no-debugger': 'error', 'no-var': 'warn' } }];\n",
    });
    await workspace.link({ eslint: 'eslint' });
    const files = new KnownFiles(workspace, pick);
    await files.change(names);
    return files;
  }

  /** Gives files other texts. @param chosen default: some */
  async change(chosen: readonly string[] = this.#some()): Promise<readonly string[]> {
    for (const file of chosen) {
      const [text, rules] = (file.endsWith('.ts') ? typed : scripts)[this.#pick(3)] ?? ['', []];
      this.#truth.set(file, rules);
      await this.#workspace.write({ [file]: text });
    }
    return chosen;
  }

  /** How many issues there are. */
  get count(): number {
    return [...this.#truth.values()].flat().length;
  }

  /** Shown, but not true of the files as they are. */
  untrue(diagnostics: ReadonlyMap<string, readonly Diagnostic[]>): readonly string[] {
    return [...diagnostics].flatMap(([uri, list]) => {
      const file = path.relative(this.root, fileURLToPath(uri)).split(path.sep).join('/');
      const rules = [...(this.#truth.get(file) ?? [])];
      return list.flatMap(({ code }) => {
        const at = rules.indexOf(String(code));
        if (at >= 0) rules.splice(at, 1);
        return at >= 0 ? [] : [`${file}: ${String(code)}`];
      });
    });
  }

  /** Everything that is true is shown, and nothing else. */
  areShown(diagnostics: ReadonlyMap<string, readonly Diagnostic[]>): boolean {
    return [...diagnostics.values()].flat().length === this.count && this.untrue(diagnostics).length === 0;
  }

  [Symbol.asyncDispose](): PromiseLike<void> {
    return this.#workspace[Symbol.asyncDispose]();
  }

  #some(): readonly string[] {
    return Array.from({ length: 1 + this.#pick(4) }, () => names[this.#pick(names.length)] ?? '');
  }
}

const names = [
  ...Array.from({ length: scriptCount }, (_, index) => `src/script-${index}.js`),
  ...Array.from({ length: typedCount }, (_, index) => `src/typed-${index}.ts`),
];

/** Mulberry32: the same numbers, from 0 to 1, for the same seed everywhere. */
export function randomBy(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
