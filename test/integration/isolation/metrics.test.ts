import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { workspaceOf } from '../graph/workspace.ts';

const CLI = path.resolve(import.meta.dirname, '../../../server/cli/main.ts');

function report(...words: readonly string[]): { readonly status: number | null; readonly stdout: string; readonly stderr: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, 'report', ...words], { encoding: 'utf8' });
  return { status, stdout, stderr };
} // prettier-ignore

describe('bulkhead report metrics', function () {
  this.timeout(60_000);

  it('prints the coupling of folders, as JSON and as a table', () => {
    using workspace = workspaceOf({
      'a/one.ts': `import '../b/two';\nimport './three';\n`,
      'a/three.ts': `import '../b/two';\n`,
      'b/two.ts': `export {};\n`,
    });
    const json = report('metrics', workspace.root, '--format', 'json');
    assert.equal(json.status, 0, json.stderr);
    assert.deepEqual(JSON.parse(json.stdout), {
      folders: [
        { folder: 'a', ca: 0, ce: 2, instability: 1 },
        { folder: 'b', ca: 2, ce: 0, instability: 0 },
      ],
    });
    const pretty = report('metrics', workspace.root);
    assert.deepEqual(pretty.stdout.split('\n').slice(0, 3), [
      '   Ca    Ce     I  folder',
      '    0     2 1.000  a',
      '    2     0 0.000  b',
    ]);
  });

  it('reports wrong arguments', () => {
    const unknown = report('nothing');
    assert.equal(unknown.status, 2);
    assert.match(unknown.stderr, /must be one of metrics/);
    assert.equal(report('metrics', 'no-such-folder').status, 2);
  });
});
