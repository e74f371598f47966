/** The layers of scripts/layers.mjs, held by the detector itself. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { layers } from '../../../scripts/layers.mjs';
import { detector } from '../../../workers/detectors/isolation/index.ts';
import { runDetector } from '../../support/run-detector.ts';

const REPOSITORY = path.resolve(import.meta.dirname, '../../..');

/** Manifests are data that others may read. */
function sourcesOf(name: string): string {
  return name.endsWith('/*') ? name.replace(/\*$/, '!(manifests).ts') : `${name}/**/!(manifest).ts`;
}

const boundaries = Object.entries(layers).map(([name, below]) => ({
  name: `${name} imports only what is below it`,
  from: name.endsWith('/*') ? `${name}.ts` : `${name}/**`,
  disallow: Object.keys(layers)
    .filter((other) => other !== name && !below.includes(other))
    .map(sourcesOf),
}));

describe('own layers', () => {
  it('hold', async function () {
    this.timeout(60_000);
    const rules = { 'hub-module': 'off', 'god-module': 'off', 'mutable-export': 'off' };
    const { issues } = await runDetector(detector, REPOSITORY, { boundaries, rules });
    const ours = issues.filter(({ file }) => /^(client|server|workers)\//.test(file) && !file.includes('/fixtures/'));
    assert.deepEqual(
      ours.map(({ file, message }) => `${file}: ${message}`),
      [],
    );
  });
});
