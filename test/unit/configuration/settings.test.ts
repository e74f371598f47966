import assert from 'node:assert/strict';
import { defaultSettings, readSettings } from '../../../server/configuration/settings.ts';

describe('settings', () => {
  it('replaces invalid values by defaults, and reports them', () => {
    const { settings, problems } = readSettings({
      typescript: { enable: 'no', engine: 'natve' },
      eslint: false,
      circular: { enable: false, rules: { 'self-import': 'warn', 'import-cycle': 'off' } },
      isolation: { boundaries: [{ from: 'a/**', types: 1 }, { to: 'b' }] },
      maxWorkers: -3,
      memoryLimit: 512.7,
      healthInterval: 10,
      exclude: ['dist/**', 7, ''],
      node: 5,
    });
    assert.deepEqual(settings, {
      ...defaultSettings,
      circular: { enable: false, rules: { 'import-cycle': 'off' } },
      isolation: { enable: true, boundaries: [{ from: 'a/**' }] },
      healthInterval: 10,
      exclude: ['dist/**'],
    });
    assert.deepEqual(problems.toSorted(), [
      'Setting bulkhead.circular.rules/self-import: Expected "error", "warning", "info", "hint" or "off", found "warn". Did you mean "warning"?',
      'Setting bulkhead.exclude/1: Expected a string, found 7.',
      'Setting bulkhead.exclude/2: Expected a non-empty text.',
      'Setting bulkhead.isolation.boundaries/0/types: Expected "count" or "allow", found 1.',
      'Setting bulkhead.isolation.boundaries/1: Missing option: "from".',
      'Setting bulkhead.isolation.boundaries/1: Unknown option: "to".',
      'Setting bulkhead.maxWorkers: Expected 0 or more, found -3.',
      'Setting bulkhead.memoryLimit: Expected a whole number, found 512.7.',
      'Setting bulkhead.node: Expected a string, found 5.',
      'Setting bulkhead.typescript.enable: Expected true or false, found "no".',
      'Setting bulkhead.typescript.engine: Expected "auto", "workspace" or "native", found "natve". Did you mean "native"?',
      'Unknown setting: "bulkhead.eslint".',
    ]);
  });

  it('trims the path of Node.js', () => {
    assert.equal(readSettings({ node: ' /usr/bin/node ' }).settings.node, '/usr/bin/node');
    assert.equal(readSettings({ node: ' ' }).settings.node, '');
  });

  it('accepts anything as the section', () => {
    for (const raw of [undefined, null, 1, 'x', []]) {
      assert.deepEqual(readSettings(raw), { settings: defaultSettings, problems: [] });
    }
  });

  it('accepts full names of settings as well as sections', () => {
    const raw = { 'bulkhead.circular.enable': false, 'bulkhead.run': 'onSave', 'bulkhead.knp.enable': false };
    const { settings, problems } = readSettings(raw);
    assert.deepEqual(settings, { ...defaultSettings, circular: { enable: false }, run: 'onSave' });
    assert.deepEqual(problems, ['Unknown setting: "bulkhead.knp.enable". Did you mean "bulkhead.knip.enable"?']);
  });

  it('accepts a list with duplicates', () => {
    const { settings, problems } = readSettings({ exclude: ['dist/', 'dist/', 'out/'] });
    assert.deepEqual([settings.exclude, problems], [['dist/', 'dist/', 'out/'], []]);
  });

  it('suggests the nearest setting, if one is near', () => {
    const { problems } = readSettings({
      circlar: { enable: false, rulse: {} },
      sptag: 1,
      typescript: { engin: 'auto' },
    });
    assert.deepEqual(problems, [
      'Unknown setting: "bulkhead.circlar.enable". Did you mean "bulkhead.circular.enable"?',
      'Unknown setting: "bulkhead.circlar.rulse". Did you mean "bulkhead.circular.rules"?',
      'Unknown setting: "bulkhead.sptag".',
      'Unknown setting: "bulkhead.typescript.engin". Did you mean "bulkhead.typescript.engine"?',
    ]);
  });

  it('reports each wrong value once, without its consequences', () => {
    const { settings, problems } = readSettings({ isolation: { boundaries: [{ from: 1 }] }, memoryLimit: -1.5 });
    assert.deepEqual([settings.isolation['boundaries'], settings.memoryLimit], [[], 0]);
    assert.deepEqual(problems, [
      'Setting bulkhead.memoryLimit: Expected a whole number, found -1.5.',
      'Setting bulkhead.isolation.boundaries/0/from: Expected a string or an array, found 1.',
    ]);
  });

  it('finds names with the characters of a JSON pointer', () => {
    const { settings, problems } = readSettings({ knip: { rules: { 'a/b~c': 'warn', files: 'off' } } });
    assert.deepEqual(settings.knip['rules'], { files: 'off' });
    assert.match(problems.join(), /^Setting bulkhead\.knip\.rules\/a\/b~c: Expected/);
  });

  it('leaves the setting of the language client alone', () => {
    assert.deepEqual(readSettings({ trace: { server: 'verbose' } }).problems, []);
  });

  it('omits options that the user did not set, which would override bulkhead.config.json', () => {
    assert.deepEqual(readSettings({ typescript: {} }).settings.typescript, { enable: true });
  });
});
