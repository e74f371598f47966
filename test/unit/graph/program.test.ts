import assert from 'node:assert/strict';
import { graphOf } from '../../../workers/graph/index.ts';
import { typescriptProgram } from '../../../workers/graph/program.ts';
import { makeWorkspace } from '../../support/workspace.ts';

describe('modules that TypeScript checks', () => {
  it('follow edits', async () => {
    await using workspace = await makeWorkspace({
      'tsconfig.json': '{ "include": ["src/main.ts"] }',
      'src/main.ts': "import './other.ts';\n",
      'src/other.ts': 'export {};\n',
    });
    const after = async (file: string, text: string): Promise<readonly string[]> => {
      const graph = await graphOf(workspace.root, { overlays: [{ file, text, version: 1 }], changed: [file] });
      return [...typescriptProgram(graph)].map((module) => module.file).sort();
    };
    const importing = "import './other.ts';\n";
    assert.deepEqual(await after('src/main.ts', importing), ['src/main.ts', 'src/other.ts']);
    assert.deepEqual(await after('src/main.ts', `// @ts-nocheck\n${importing}`), ['src/other.ts']);
    assert.deepEqual(await after('src/main.ts', 'export {};\n'), ['src/main.ts'], 'nothing imports the other one');
    assert.deepEqual(await after('src/main.ts', importing), ['src/main.ts', 'src/other.ts']);
  });
});
