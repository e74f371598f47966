import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { sortedSet } from '../../support/typescript-oracle.ts';
import {
  assertMoreThanTsc,
  assertSameAsTsc,
  cleanUp,
  codesOf,
  config,
  linesByUnit,
  makeWorkspace,
  run,
  tscOf,
  versions,
  type Files,
} from './support.ts';

interface Case {
  readonly name: string;
  readonly files: Files;
  /** What must be among the issues. */
  readonly codes: readonly string[];
  /** Name of the workspace's folder. */
  readonly folder?: string;
}

const cases: readonly Case[] = [
  {
    name: 'plain: chains, unused, missing, redeclared, unused directives',
    codes: ['TS2307', 'TS2322', 'TS2578', 'TS2769', 'TS6133', 'TS7006'],
    files: {
      'tsconfig.json': config({ noUnusedLocals: true }),
      'src/a.ts': `export interface Point { readonly x: number; readonly y: { readonly deep: string } }
export const wrong: Point = { x: 1, y: { deep: 2 } };
const unused = 1;
export function over(a: string): void;
export function over(a: number): void;
export function over(a: string | number): void { void a; }
over(true);
`,
      'src/b.ts': `import { wrong, type Point } from './a';
import { nothing } from './nowhere';
// @ts-expect-error there is none
export const fine: number = wrong.x;
export const union: 'b' | 'a' | 'c' = 'd' as string;
export const points: Point[] = [wrong, { x: 'x', y: { deep: '' } }].map((one) => ({ ...one, y: nothing(one) }));
export const implicit = (a) => a;
takes({ a: 1 });
function takes(value: { a: string } | { b: number; c: { d: Promise<string> } }): void { void value; }
`,
    },
  },
  {
    name: 'scripts that declare the same in the global scope',
    codes: ['TS2451', 'TS2300'],
    files: {
      'tsconfig.json': config(),
      'one.ts': 'const shared = 1;\ninterface Same { a: string }\nclass Twice {}\n',
      'two.ts': 'const shared = 2;\ninterface Same { a: number }\nclass Twice {}\n',
      'three.ts': 'const shared = 3;\nconst use: Same = { a: true };\n',
    },
  },
  {
    name: 'paths',
    codes: ['TS2307', 'TS2322'],
    files: {
      'tsconfig.json': config({ paths: { '@lib/*': ['./lib/*'] } }),
      'lib/x.ts': 'export const x = 1;\n',
      'a.ts': `import { x } from '@lib/x';\nimport { y } from '@lib/y';\nexport const s: string = x;\nvoid y;\n`,
    },
  },
  {
    name: 'jsx',
    codes: ['TS2322', 'TS2339', 'TS2741'],
    files: {
      'tsconfig.json': config({ jsx: 'preserve' }),
      'jsx.d.ts': `declare namespace JSX {
  interface Element { readonly kind: 'element' }
  interface IntrinsicElements { readonly p: { readonly id: string } }
}
`,
      'a.tsx': `export const ok = <p id="x" />;\nexport const missing = <p />;\nexport const wrong = <p id={1} />;\nexport const unknown = <q />;\n`,
    },
  },
  {
    name: 'JSON modules',
    codes: ['TS2322', 'TS2339'],
    files: {
      'tsconfig.json': config({ resolveJsonModule: true }),
      'data.json': '{ "name": "x", "list": [1, "two"] }\n',
      'a.ts': `import data from './data.json';\nexport const n: number = data.name;\nexport const l: number[] = data.list;\nvoid data.none;\n`,
    },
  },
  {
    name: 'declaration: its problems are told when there are no others',
    codes: ['TS4094'],
    files: {
      'tsconfig.json': config({ declaration: true }),
      'a.ts': 'export const Anonymous = class { private hidden = 1; shown = () => this.hidden; };\n',
      'b.ts': 'export const fine = 1;\n',
    },
  },
  {
    name: 'declaration: its problems wait while there are others',
    codes: ['TS2322'],
    files: {
      'tsconfig.json': config({ declaration: true }),
      'a.ts': 'export const Anonymous = class { private hidden = 1; shown = () => this.hidden; };\n',
      'b.ts': 'export const wrong: string = 1;\n',
    },
  },
  ...(['composite', 'incremental', 'noEmitOnError'] as const).map((option) => ({
    name: `declaration and ${option}: its problems beside others`,
    codes: ['TS2322'],
    files: {
      'tsconfig.json': config({ declaration: true, [option]: true }),
      'a.ts': 'export const Anonymous = class { private hidden = 1; shown = () => this.hidden; };\n',
      'b.ts': 'export const wrong: string = 1;\n',
    },
  })),
  {
    name: 'names that are wrong only where files are written',
    codes: ['TS2322'],
    files: {
      'tsconfig.json': config({ module: 'commonjs', allowJs: true, target: 'es2015' }),
      'a.ts': 'export const require = 1;\nexport const Promise = async (): globalThis.Promise<void> => {};\n',
      'b.js': 'export const overwritten = 1;\n',
      'c.ts': 'export const wrong: string = 1;\n',
    },
  },
  {
    name: 'isolatedModules',
    codes: ['TS1205', 'TS2748'],
    files: {
      'tsconfig.json': config({ isolatedModules: true }),
      'types.ts': 'export interface T { a: string }\n',
      'ambient.d.ts': 'declare const enum Level { Low = 1 }\n',
      'a.ts': `export { T } from './types';\nexport const level = Level.Low;\n`,
    },
  },
  {
    name: 'allowJs and checkJs',
    codes: ['TS2322', 'TS2345'],
    files: {
      'tsconfig.json': config({ allowJs: true, checkJs: true }),
      'a.js': `/** @param {number} n @returns {string} */\nexport function f(n) { return n; }\n/** @type {{a: number}} */\nexport const o = { a: 'x' };\n`,
      'b.ts': `import { f } from './a';\nf('x');\n`,
      'c.js': `// @ts-nocheck\nexport const n = /** @type {number} */ ('x') * {};\n`,
    },
  },
  {
    name: 'JavaScript that is not checked still shows plain errors',
    codes: ['TS2451'],
    files: {
      'tsconfig.json': config({ allowJs: true }),
      'a.js': 'const twice = 1;\nconst twice = 2;\n/** @type {number} */\nexport const untold = "";\n',
    },
  },
  {
    name: 'byte order marks, CRLF, lone CR, astral characters, UTF-16',
    codes: ['TS2322'],
    files: {
      'tsconfig.json': config(),
      'bom.ts':
        '\uFEFFexport const a: number = "x";\r\nexport const b: number = "😀"; export const c: number = "";\r\n',
      'cr.ts': 'export const a = 1;\rexport const 𝒳: string = a; export const é: string = 1;\r',
      'mixed.ts': '/* 👩‍👩‍👧 */ export const a: number = "";\n\r\n\r/* x */ export const b: number = "";',
      'wide.ts': Buffer.from('\uFEFFexport const w: number = "ü";\n', 'utf16le'),
    },
  },
  {
    name: 'spaces and letters of other alphabets in the path',
    folder: 'my wörk späce ☃ (1)',
    codes: ['TS2307', 'TS2322'],
    files: {
      'päck age/tsconfig.json': config(),
      'päck age/src dir/фай л.ts':
        'export const a: number = "x";\nimport "./нет";\nimport { b } from "./другой";\nvoid b;\n',
    },
  },
  {
    name: 'declarations of a package that are wrong, skipLibCheck off',
    codes: ['TS2304', 'TS2322'],
    files: {
      'tsconfig.json': config({ skipLibCheck: false }),
      'node_modules/bad/package.json': '{ "name": "bad", "version": "1.0.0", "types": "index.d.ts" }',
      'node_modules/bad/index.d.ts': 'export declare const bad: Missing;\nexport declare const n: number;\n',
      'a.ts': `import { bad, n } from 'bad';\nexport const s: string = n;\nvoid bad;\n`,
    },
  },
  {
    name: 'declarations of a package that are wrong, skipLibCheck on',
    codes: ['TS2322'],
    files: {
      'tsconfig.json': config({ skipLibCheck: true }),
      'node_modules/bad/package.json': '{ "name": "bad", "version": "1.0.0", "types": "index.d.ts" }',
      'node_modules/bad/index.d.ts': 'export declare const bad: Missing;\nexport declare const n: number;\n',
      'a.ts': `import { bad, n } from 'bad';\nexport const s: string = n;\nvoid bad;\n`,
    },
  },
  {
    name: 'two projects with other options over the same file',
    codes: ['TS2322', 'TS7006'],
    files: {
      'tsconfig.json': config({}, { include: ['src'] }),
      'loose/tsconfig.json': config({ strict: false }, { include: ['../src'] }),
      'src/a.ts': 'export const f = (a) => a;\nexport const n: number = "";\n',
    },
  },
];

for (const version of versions) {
  describe(`${version} reports the same as tsc`, function () {
    this.timeout(60_000);
    after(cleanUp);

    for (const { name, files, codes, folder } of cases) {
      it(name, async () => {
        const found = await assertSameAsTsc(await makeWorkspace(files, version, folder));
        for (const code of codes) assert.ok(found.codes.includes(code), `${code} in ${found.codes.join(' ')}`);
      });
    }

    it('syntax errors: those of tsc, and the types as well', async () => {
      const workspace = await makeWorkspace(
        {
          'tsconfig.json': config(),
          'a.ts': 'export const a = ;\nexport const n: number = "";\n',
          'b.ts': 'export const s: string = 1;\n',
        },
        version,
      );
      const { codes } = await assertMoreThanTsc(workspace);
      assert.deepEqual(codes, ['TS1109', 'TS2322']);
    });

    it('missing global types are said of the project', async () => {
      const files = { 'tsconfig.json': config({ lib: undefined, noLib: true }), 'a.ts': 'export const a = [1];\n' };
      const { lines } = await assertMoreThanTsc(await makeWorkspace(files, version));
      assert.ok(lines.some((line) => line.startsWith('tsconfig.json(1,1): error TS2318: ')));
    });

    it('project references: unbuilt, without a flood of TS6305; built, the same as tsc -b', async () => {
      const files = referencing();
      const workspace = await makeWorkspace(files, version);
      const found = await run(workspace);
      const built = await makeWorkspace(files, version);
      const theirs = await tscOf(built, 'tsconfig.json', ['-b']);
      const ours = sortedSet([...linesByUnit(found).values()].flat());
      assert.deepEqual(
        found.plan.units.map(({ id }) => id),
        ['app/tsconfig.json', 'lib/tsconfig.lib.json'],
      );
      assert.deepEqual(codesOf(ours), ['TS2322', 'TS2353']);
      assert.deepEqual(ours, theirs);
      // Once built, `tsc -p` can answer for each alone.
      await assertSameAsTsc(built);
      // And we have written nothing.
      await assert.rejects(readFile(path.join(workspace.root, 'lib/dist/index.d.ts')), { code: 'ENOENT' });
    });
  });
}

function referencing(): Files {
  const composite = { composite: true, outDir: 'dist', rootDir: 'src' };
  return {
    'tsconfig.json': JSON.stringify({ files: [], references: [{ path: 'lib/tsconfig.lib.json' }, { path: 'app' }] }),
    'lib/tsconfig.lib.json': config(composite, { include: ['src'] }),
    'lib/src/index.ts': 'export interface Part { readonly name: string }\nexport const count: number = 1;\n',
    'app/tsconfig.json': config(composite, { include: ['src'], references: [{ path: '../lib/tsconfig.lib.json' }] }),
    'app/src/index.ts': `import { count, type Part } from '../../lib/src/index';
export const text: string = count;
export const part: Part = { name: '', size: 1 };
`,
  };
}
