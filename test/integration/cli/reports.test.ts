/** Reports of a real run, judged by those who read them. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import path from 'node:path';
import { readFile } from 'node:fs/promises';
import type { Log } from 'sarif';
import type { CheckReport } from '../../../server/cli/result.ts';
import { cli } from '../../support/cli.ts';
import { makeBrokenWorkspace } from '../../support/workspace.ts';

/** The judge of SARIF: schema and meaning. Its JavaScript entry names the program of this platform. */
const multitool = createRequire(import.meta.url)('@microsoft/sarif-multitool') as string;

describe('reports of bulkhead check', function () {
  this.timeout(120_000);

  it('equal the JSON, and are valid', async () => {
    await using workspace = await makeBrokenWorkspace();
    await workspace.write({ 'src/a b/ä%20.js': 'if (1 == 1) var x;\n' });
    const at = (name: string): string => path.join(workspace.root, 'out', name);
    const formats = ['json', 'sarif', 'sarif-github', 'github', 'gitlab', 'junit', 'markdown', 'html'];
    const outputs = formats.flatMap((format) => ['--output', `${format}=${at(format)}.sarif`]);
    const { code, stderr } = await cli('check', workspace.root, '--format', 'github', ...outputs);
    assert.equal(code, 1, stderr);
    const read = (name: string): Promise<string> => readFile(`${at(name)}.sarif`, 'utf8');
    const { issues } = JSON.parse(await read('json')) as CheckReport;
    assert.ok(issues.some(({ file }) => file === 'src/a b/ä%20.js'));

    for (const name of ['sarif', 'sarif-github']) {
      const judged = execFileSync(multitool, ['validate', `${at(name)}.sarif`], { encoding: 'utf8' });
      assert.match(judged, /Analysis completed successfully/);
      assert.doesNotMatch(judged, /: (?:error|warning) /);
    }
    const { runs } = JSON.parse(await read('sarif')) as Log;
    const places = runs[0]?.results?.map(({ ruleId, locations }) => {
      const { artifactLocation, region } = locations?.[0]?.physicalLocation ?? {};
      return `${ruleId} ${decodeURIComponent(artifactLocation?.uri ?? '')}:${region?.startLine}:${region?.startColumn}`;
    });
    assert.deepEqual(
      places,
      issues.map(
        ({ detector, rule, file, range: { start } }) =>
          `${detector}/${rule} ${file}:${start.line + 1}:${start.character + 1}`,
      ),
    );
    const annotations = (await read('github')).trimEnd().split('\n');
    assert.equal(annotations.filter((line) => line.includes('file=')).length, issues.length);
    assert.equal((JSON.parse(await read('gitlab')) as unknown[]).length, issues.length);
    assert.equal((await read('junit')).match(/<failure /g)?.length, issues.length);
  });

  it('that cannot be written are said, and cost no other one', async () => {
    await using workspace = await makeBrokenWorkspace();
    const [bad, good] = [workspace.root, path.join(workspace.root, 'report.json')];
    const options = ['--detectors', 'circular', '--output', `html=${bad}`, '--output', `json=${good}`];
    const { code, stderr } = await cli('check', workspace.root, ...options);
    assert.equal(code, 3);
    assert.match(stderr, /^bulkhead: The report .* could not be written: /m);
    assert.ok((JSON.parse(await readFile(good, 'utf8')) as CheckReport).issues.length > 0);

    assert.match(
      (await cli('check', workspace.root, '--output', 'sarif')).stderr,
      /--output needs a format and a file/,
    );
    assert.match((await cli('check', workspace.root, '--output', 'pdf=x')).stderr, /must be one of json, sarif/);
  });
});
