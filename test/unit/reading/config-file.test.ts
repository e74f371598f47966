import assert from 'node:assert/strict';
import { ConfigFile } from '../../../workers/reading/config-file.ts';
import { expressionOf, globExpression, globMatcher } from '../../../workers/reading/globs.ts';

const told = ({ flaws }: ConfigFile): readonly string[] =>
  flaws.map(({ range: { start }, message }) => `${String(start.line)}:${String(start.character)} ${message}`);

describe('configuration files', () => {
  it('give values of the type that is asked for, and note the others at their place, once', () => {
    const config = ConfigFile.json(
      'x.json',
      '{\n  "a": 5, "b": ["x", null, "", 7], "c": null, "d": {"e": true}\n}',
      'json',
    );
    const { root } = config;
    assert.deepEqual(
      [root.get('a').string(), root.get('a').name(), root.get('b').strings(), root.get('c').list(), root.get('d').get('e').boolean()],
      [undefined, undefined, ['x'], undefined, true],
    ); // prettier-ignore
    assert.deepEqual(root.get('d').get('none').get('deeper').strings(), undefined);
    assert.deepEqual(told(config), [
      '1:7 "a" must be a text, but it is 5, so it does not count. Correct it, or remove it.',
      '1:21 "b.1" must be a text, but it is null, so it does not count. Correct it, or remove it.',
      '1:27 "b.2" must be a text that is not empty, but it is "", so it does not count. Correct it, or remove it.',
      '1:31 "b.3" must be a text that is not empty, but it is 7, so it does not count. Correct it, or remove it.',
    ]);
  });

  it('keep what a half-typed text says, and say where it breaks', () => {
    const config = ConfigFile.json('x.json', '\uFEFF{\n  "a": "b",\n  "c": ', 'jsonc');
    assert.deepEqual([config.root.get('a').string(), config.isComplete], ['b', false]);
    assert.deepEqual(told(config), ['2:7 Value expected. Fix the syntax here.']);
  });

  it('have no value where the nesting is too deep or leads back, and none of the parsers fails', async () => {
    const deep = `${'['.repeat(5_000)}${']'.repeat(5_000)}`;
    for (const config of [ConfigFile.json('x', deep, 'json'), await ConfigFile.yaml('x', deep), ConfigFile.json('x', `{"a":${'{"a":'.repeat(9_000)}`, 'jsonc')]) {
      assert.deepEqual([config.value, config.isComplete], [undefined, false]);
      assert.match(told(config).join(), /^0:0 It is nested more than 500 levels deep/);
    } // prettier-ignore
    const circular = await ConfigFile.yaml('x', '&a [*a]');
    assert.deepEqual([circular.value, circular.isComplete], [undefined, false]);
    assert.equal(ConfigFile.json('x', '"[[["', 'json').flaws.length, 0);
  });

  it('in YAML may hold nothing, and have places too', async () => {
    const empty = await ConfigFile.yaml('x.yaml', '# only a comment\n');
    assert.deepEqual([empty.root.get('packages').strings(), empty.flaws], [undefined, []]);
    const wrong = await ConfigFile.yaml('x.yaml', 'packages:\n  - a/*\n  - 5\ncatalog: {}\n');
    assert.deepEqual(wrong.root.get('packages').strings(), ['a/*']);
    assert.match(told(wrong).join(), /^2:4 "packages\.1" must be/);
    assert.match(told(await ConfigFile.yaml('x.yaml', 'a: b: c\n')).join(), /^0:\d.*Fix the syntax here\.$/);
  });

  it('have own properties only', () => {
    const { root } = ConfigFile.json('x', '{"__proto__": {"name": 1}, "constructor": null}', 'json');
    assert.deepEqual([root.get('name').value, root.get('toString').value, root.get('constructor').isSet], [undefined, undefined, false]); // prettier-ignore
  });
});

describe('globs of configurations', () => {
  it('match nothing where they are none', () => {
    assert.deepEqual(
      ['', 'a'.repeat(70_000)].map((pattern) => globMatcher([pattern])('a')),
      [false, false],
    );
    assert.deepEqual([globMatcher(['', 'a*'], { ignore: ['', 'ab'] })('ac'), globMatcher(['a*'], { ignore: ['ab'] })('ab')], [true, false]); // prettier-ignore
    assert.deepEqual([globExpression('').test('a'), expressionOf('('), expressionOf('a'.repeat(70_000))], [false, undefined, undefined]); // prettier-ignore
  });
});
