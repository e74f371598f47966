/** Issues of the configuration among those of the detectors. */
import assert from 'node:assert/strict';
import { detectorSettings } from '../../../server/engine/detector-settings.ts';
import { Engine } from '../../../server/engine/engine.ts';
import { emptyConfiguration, type Configuration } from '../../../server/configuration/read.ts';
import { issue, planOf, ScriptedPool, settle } from '../engine/support.ts';

describe('engine: issues of the configuration', () => {
  it('shows them until the next configuration, whether a detector runs or not', async () => {
    const pool = new ScriptedPool(() => Promise.resolve(planOf([])));
    const settings = (configuration: Partial<Configuration>, only: readonly string[] = []) => ({
      ...detectorSettings({ ...emptyConfiguration, ...configuration }, { only }),
      trusted: true,
    });
    const wrong = issue('bulkhead', 'bulkhead.config.json', 2);
    const engine = new Engine('/root', pool, settings({ issues: [wrong] }));
    engine.analyzeAll();
    await engine.idle();
    assert.deepEqual(engine.issues(), [wrong]);
    assert.equal(engine.counts().error, 1);
    const other = issue('bulkhead', '.vscode/settings.json', 1);
    engine.configure(settings({ issues: [other], exclude: ['.vscode/'] }, ['eslint']));
    await settle();
    assert.deepEqual(engine.issues(), [other]);
    engine.configure(settings({}));
    await settle();
    assert.deepEqual(engine.issues(), []);
    engine.dispose();
  });
});

describe('settings of detectors', () => {
  const options = (detectors: Configuration['detectors'], choice: Parameters<typeof detectorSettings>[1] = {}) =>
    Object.fromEntries(detectorSettings({ ...emptyConfiguration, detectors }, choice).detectors);

  it('come from the file, overridden by the choice of the user', () => {
    const file = { circular: { rules: { a: 'off', b: 'off' } }, eslint: false, import: true } as const;
    const told = { off: ['isolation'], options: { circular: { rules: { b: 'error' } }, eslint: { timings: false } } };
    const { circular, eslint, isolation, import: imports } = options(file, told);
    assert.deepEqual(circular, { rules: { a: 'off', b: 'error' } });
    assert.deepEqual([eslint, isolation, imports], [undefined, undefined, {}]);
    assert.deepEqual(options(file, { only: ['eslint'] }), { eslint: {} });
  });

  it('are shared where a detector heeds those of another one', () => {
    const known = ['#ui/*'];
    assert.deepEqual(options({ import: { known, ignore: [] } })['package'], { known });
    assert.deepEqual(options({ import: { known } }, { only: ['package', 'knip'] })['package'], { known });
    assert.deepEqual(options({ import: true })['package'], {});
  });

  it('make a detector do the part of a disabled one', () => {
    assert.deepEqual(options({})['package'], {});
    assert.deepEqual(options({ knip: false })['package'], { knip: 'off' });
    assert.deepEqual(options({ typescript: false })['import'], { dedupeWithTypescript: false });
    assert.deepEqual(options({ knip: false, package: false })['package'], undefined);
  });
});
