/** Which files an edit can concern, by syntax alone. */
import assert from 'node:assert/strict';
import { LikelyImporters } from '../../../workers/detectors/typescript/importers.ts';

const files: Readonly<Record<string, string>> = {
  '/w/core/src/index.ts': `export * from './shape';\n`,
  '/w/core/src/shape.ts': `export interface Shape { area: Area }
type Area = number;
export const unit = (): number => 1;
export function guessed() { return 1; }
`,
  '/w/core/src/other/shape.ts': 'export const apart = 1;\n',
  '/w/app/named.ts': `import { unit } from '@w/core';\nexport const one = (): number => unit();\n`,
  '/w/app/user.ts': `import { one } from './named';\nvoid one;\n`,
  '/w/app/typed.ts': `import type { Shape } from '../core/src/index.js';\nexport const shape = {} as Shape;\n`,
  '/w/app/space.ts': `import * as core from '@w/core';\nvoid core.guessed();\n`,
  '/w/app/apart.ts': `import { apart } from '../core/src/other/shape';\nvoid apart;\n`,
};

const edited = '/w/core/src/shape.ts';

async function affected(from: string, to: string, most = 100) {
  const before = files[edited] ?? '';
  const now = before.replace(from, to);
  assert.notEqual(now, before);
  const importers = new LikelyImporters((file) => Promise.resolve(file === edited ? now : (files[file] ?? '')));
  const found = await importers.affected([{ file: edited, before, now }], Object.keys(files), most);
  return { ...found, files: found.files.map((file) => file.replace('/w/', '')).sort() };
}

describe('typescript: what an edit can concern, by syntax', () => {
  it('nobody else, when only a body with a written result or a comment is another', async () => {
    const nobody = { files: ['core/src/shape.ts'], all: true };
    assert.deepEqual(await affected('export const unit', '/** One. */\nexport const unit'), nobody);
    assert.deepEqual(await affected('=> 1;', '=> 2;'), nobody);
  });

  it('who takes a name that is another, through a barrel and the name of a package', async () => {
    const { files: found } = await affected('unit = (): number', 'unit = (): string');
    assert.deepEqual(found, ['app/named.ts', 'core/src/index.ts', 'core/src/shape.ts']);
  });

  it('who takes a type that mentions another one', async () => {
    const { files: found } = await affected('Area = number', 'Area = string');
    assert.deepEqual(found, ['app/typed.ts', 'core/src/index.ts', 'core/src/shape.ts']);
  });

  it('who uses it of a namespace, when its result is not written down', async () => {
    const { files: found } = await affected('return 1', 'return 2');
    assert.deepEqual(found, ['app/space.ts', 'core/src/index.ts', 'core/src/shape.ts']);
  });

  it('any file, when there are many, it cannot be read, or everybody sees it', async () => {
    assert.equal((await affected('Area = number', 'Area = string', 1)).all, false);
    assert.equal((await affected('Area = number', 'Area =')).all, false);
    assert.equal((await affected('Area = number;', 'Area = number;\ndeclare global { const g: 1 }')).all, false);
  });
});
