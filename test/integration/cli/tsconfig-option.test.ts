import assert from 'node:assert/strict';
import { checkJson, cli } from '../../support/cli.ts';
import { makeWorkspace } from '../../support/workspace.ts';

describe('bulkhead check --tsconfig', function () {
  this.timeout(60_000);

  it('checks only the named projects', async () => {
    const project =
      '{ "compilerOptions": { "strict": true, "noEmit": true, "lib": ["es2023"], "types": [], "skipLibCheck": true } }\n';
    const wrong = "export const count: number = 'three';\n";
    await using workspace = await makeWorkspace({
      'package.json': '{ "name": "two-projects", "private": true, "type": "module" }\n',
      'one/tsconfig.json': project,
      'one/a.ts': wrong,
      'two/tsconfig.json': project,
      'two/b.ts': wrong,
    });
    const places = async (...argv: readonly string[]): Promise<readonly string[]> => {
      const { report } = await checkJson(workspace.root, '--detectors', 'typescript', ...argv);
      return report.issues.map(({ file }) => file);
    };
    assert.deepEqual(await places(), ['one/a.ts', 'two/b.ts']);
    assert.deepEqual(await places('--tsconfig', 'two/tsconfig.json'), ['two/b.ts']);
    assert.deepEqual(await places('--tsconfig', 'two/tsconfig.json', '--tsconfig', 'one/tsconfig.json'), [
      'one/a.ts',
      'two/b.ts',
    ]);
    const missing = await cli(
      'check',
      workspace.root,
      '--detectors',
      'typescript',
      '--tsconfig',
      'three/tsconfig.json',
    );
    assert.equal(missing.code, 3);
    assert.match(missing.stdout, /three\/tsconfig\.json/);
  });
});
