/** Every detector is what its manifest says. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { validated } from '../../../server/configuration/validate.ts';
import { classifyChange, changeTriggersOf, isConfiguration } from '../../../server/engine/change-triggers.ts';
import { detectorTable } from '../../../server/pool/detectors.ts';
import { loadDetector } from '../../../workers/detectors/index.ts';
import * as list from '../../../workers/detectors/list.ts';
import { detectorNames, manifestOf, manifests, queries } from '../../../workers/detectors/manifests.ts';
import { repository } from '../../support/workspace.ts';

const folder = path.join(repository, 'workers/detectors');

describe('detectors', () => {
  it('are listed under their names, each with its folder', () => {
    const folders = readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
      entry.isDirectory() ? entry.name : [],
    );
    assert.deepEqual(Object.keys(list).toSorted(), folders.toSorted());
    for (const [name, manifest] of Object.entries(list)) assert.equal(manifest.name, name);
    assert.deepEqual([...detectorNames, ...queries.map(({ name }) => name)].toSorted(), folders.toSorted());
  });

  it('are unknown by any other name', async () => {
    assert.equal(manifestOf('spelling'), undefined);
    await assert.rejects(loadDetector('spelling'), /Unknown detector: spelling/);
    await assert.rejects(loadDetector('isolation/elements'), /Unknown detector/);
  });

  for (const { name } of queries) {
    it(`${name}: answers questions, and has neither settings nor options`, async () => {
      assert.equal((await loadDetector(name)).name, name);
      assert.ok(name in detectorTable);
      assert.equal(manifestOf(name), undefined);
    });
  }

  for (const { name, ...manifest } of manifests) {
    describe(name, () => {
      it('is loaded by its name', async function () {
        this.timeout(30_000);
        assert.equal((await loadDetector(name)).name, name);
      });

      it('has its page, its worker and valid options', () => {
        assert.ok(existsSync(path.join(repository, manifest.documentation)), manifest.documentation);
        assert.equal(detectorTable[name]?.title, manifest.title);
        const defaults = Object.fromEntries(
          Object.entries(manifest.options).map(([option, schema]) => [option, schema.default]),
        );
        const untrusted = typeof manifest.untrusted === 'string' ? {} : manifest.untrusted;
        for (const options of [defaults, untrusted]) {
          assert.deepEqual(validated('configuration', { detectors: { [name]: options } }).flaws, []);
        }
      });

      it('plans in a worker that exists, whose sandbox allows as much', () => {
        const host = manifestOf(manifestOf(name)?.worker.plansWith ?? name);
        assert.ok(host);
        const isTold = (cache: string): boolean => host.sandbox.homeCaches.includes(cache);
        assert.ok(manifest.sandbox.homeCaches.every(isTold));
        assert.ok(!manifest.sandbox.network || host.sandbox.network);
      });

      it('describes itself in phrases, and everything else in sentences', () => {
        assert.match(manifest.reports, /^[a-z`[].*[^.]$/);
        const described = Object.values(manifest.options).flatMap((option) => [
          option,
          ...Object.values(option.properties ?? {}),
        ]);
        for (const { description } of described) assert.match(description ?? '', /^[A-Z`].*\.$/);
      });

      it('starts over when a configuration of its own changes', () => {
        const triggers = changeTriggersOf(name);
        assert.equal(triggers, manifest.changes);
        assert.equal(classifyChange(triggers, 'node_modules/a/index.js', new Set()), 'none');
        assert.equal(classifyChange(triggers, 'some.config', new Set(['some.config'])), triggers.planFiles);
        assert.equal(classifyChange(triggers, 'a/.gitignore', new Set()), 'configuration');
        assert.ok(isConfiguration('a/.gitignore'));
      });
    });
  }
});
