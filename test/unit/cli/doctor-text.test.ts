import assert from 'node:assert/strict';
import { parseCommand } from '../../../server/cli/arguments.ts';
import { doctorText } from '../../../server/cli/doctor-text.ts';
import type { DoctorReport } from '../../../server/cli/doctor-report.ts';
import { manifests } from '../../../workers/detectors/manifests.ts';

const report: DoctorReport = {
  schemaVersion: 1,
  root: '/projects/a folder',
  versions: { bulkhead: '1.2.3', node: '24.0.0 (/bin/node)', git: '2.50', system: 'linux x64, 6.1' },
  machine: { processors: 4, memoryBytes: 2 ** 33, freeBytes: 2 ** 32, memoryFrom: 'cgroup' },
  detectors: manifests.map(({ name }) => ({ name, state: 'ready', units: 3, tool: `${name} 1.0.0` })),
  configuration: [{ name: 'exclude', value: ['a/'], from: 'bulkhead.config.json:2' }],
  editor: [],
  troubles: [],
  offers: [],
  exitCode: 0,
};

describe('text of bulkhead doctor', () => {
  it('fits on a screen, however much there is to say', () => {
    const many = Array.from({ length: 500 }, (_, number) => number);
    const text = doctorText(
      {
        ...report,
        configuration: many.map((number) => ({ name: `option ${number}`, value: 'x'.repeat(500), from: 'here:1' })),
        troubles: many.map((number) => `trouble ${number}`),
        exitCode: 3,
      },
      80,
    );
    const lines = text.split('\n');
    assert.ok(lines.length <= 50, `${lines.length} lines`);
    assert.match(text, /and 488 more; see --format json[^]*and 490 more; see --format json\nExit code 3: .*\n$/);
  });

  it('says where a value stands, whose memory it is, and that nothing is wrong', () => {
    const text = doctorText(report, Infinity);
    assert.match(text, /^Bulkhead 1\.2\.3, Node\.js 24\.0\.0 \(\/bin\/node\), git 2\.50\n/);
    assert.match(text, /memory: 4\.0 GB of 8\.0 GB free \(limit of the container\)/);
    assert.match(text, /^ {2}exclude = \["a\/"\] {2}\(bulkhead\.config\.json:2\)$/m);
    assert.match(text, /Nothing is wrong\.\n$/);
  });

  it('escapes control characters wherever they come from', () => {
    const evil = '\u001B[2J';
    const text = doctorText(
      {
        ...report,
        root: `/projects/${evil}`,
        detectors: [{ name: 'eslint', state: 'not-applicable', reason: `none${evil}` }],
        configuration: [{ name: evil, value: evil, from: evil }],
        troubles: [`eslint: ${evil}`],
        offers: [evil],
      },
      Infinity,
    );
    assert.ok(!text.includes('\u001B'));
  });

  it('is chosen by --format or --json, not by both', () => {
    const formatOf = (...words: string[]): unknown => {
      const command = parseCommand(['doctor', ...words]);
      return command.kind === 'doctor' && command.arguments.format;
    };
    assert.deepEqual([formatOf(), formatOf('--json'), formatOf('--format', 'json')], ['pretty', 'json', 'json']);
    assert.throws(() => formatOf('--json', '--format', 'pretty'), /Use either --json or --format/);
    assert.throws(() => formatOf('--watch'), /has no option --watch/);
  });
});
