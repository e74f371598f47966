/** The arrows of docs/architecture.md, held by the detector itself. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { detector } from '../../../workers/detectors/isolation/index.ts';
import { manifests, queries } from '../../../workers/detectors/manifests.ts';
import { runDetector } from '../../support/run-detector.ts';

const REPOSITORY = path.resolve(import.meta.dirname, '../../..');
const DETECTORS = [...manifests, ...queries].map(({ name }) => name);

const BOUNDARIES = [
  { name: 'the library line knows nothing of Bulkhead', from: 'workers/ipc/**', disallow: ['workers/*.ts', 'workers/!(ipc)/**', 'server/**', 'client/**'] },
  { name: 'workers know no server', from: 'workers/**', disallow: ['server/**', 'client/**'] },
  { name: 'nobody knows the client', from: ['server/**', 'workers/**'], disallow: 'client/**' },
  { name: 'the client knows the protocol only', from: 'client/**', disallow: ['workers/detectors/**', 'workers/graph/**', 'server/engine/**', 'server/pool/**', 'server/store/**'] },
  { name: 'the engine knows no front end', from: ['server/sharing/**', 'server/engine/**', 'server/pool/**', 'server/store/**'], disallow: ['server/lsp/**', 'server/cli/**', 'server/mcp/**'] },
  { name: 'the engine knows no other process', from: ['server/engine/**', 'server/pool/**', 'server/store/**'], disallow: 'server/sharing/**' },
  { name: 'the graph knows no detector', from: 'workers/graph/**', disallow: 'workers/detectors/**' },
  ...DETECTORS.map((name) => ({
    name: 'a detector knows no other',
    from: `workers/detectors/${name}/**`,
    disallow: DETECTORS.filter((other) => other !== name).map((other) => `workers/detectors/${other}/**`),
  })),
]; // prettier-ignore

describe('own layers', () => {
  it('hold', async function () {
    this.timeout(60_000);
    const rules = { 'hub-module': 'off', 'god-module': 'off', 'mutable-export': 'off' };
    const { issues } = await runDetector(detector, REPOSITORY, { boundaries: BOUNDARIES, rules });
    const ours = issues.filter(({ file }) => /^(client|server|workers)\//.test(file) && !file.includes('/fixtures/'));
    assert.deepEqual(
      ours.map(({ file, message }) => `${file}: ${message}`),
      [],
    );
  });
});
