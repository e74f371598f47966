/** Each rule of code finds something in its bad example and nothing in its good one; what follows from its file is up to date. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { generatedRules } from '../../../scripts/rules.mjs';
import { rules as complexity } from '../../../workers/detectors/complexity/rule-list.ts';
import { rules as network } from '../../../workers/detectors/network/rule-list.ts';
import { rules as performance } from '../../../workers/detectors/performance/rule-list.ts';
import { rules as runtime } from '../../../workers/detectors/runtime/rule-list.ts';
import { rules as security } from '../../../workers/detectors/security/rule-list.ts';
import { analyse } from '../../../workers/rules/host.ts';
import type { Example, Rule } from '../../../workers/rules/rule.ts';
import { repository } from '../../support/workspace.ts';

const detectors = { complexity, network, performance, runtime, security };

function messagesOf(rule: Rule, example: Example): readonly string[] {
  const files =
    typeof example === 'string' ? { [/\/>|<\/\w/.test(example) ? 'example.jsx' : 'example.js']: example } : example;
  return Object.entries(files).flatMap(([file, text]) => {
    const found = analyse(file, text, [{ name: 'any', enabled: [rule], options: {} }]).get('any');
    assert.ok(found, `${file} of ${rule.meta.name} does not parse`);
    return found.map(({ message }) => message);
  });
}

for (const [detector, rules] of Object.entries(detectors)) {
  describe(`rules of ${detector}`, () => {
    it('have a page each', () => {
      const pages = readdirSync(path.join(repository, 'docs/rules', detector)).map((name) =>
        path.basename(name, '.md'),
      );
      assert.deepEqual(pages.toSorted(), rules.map(({ meta }) => meta.name).toSorted());
    });
    for (const rule of rules) {
      it(rule.meta.name, () => {
        const messages = messagesOf(rule, rule.meta.bad);
        assert.ok(messages.length > 0, 'the bad example gives no finding');
        for (const message of messages) assert.match(message, /^[A-Z`].*[.)]$/);
        assert.deepEqual(messagesOf(rule, rule.meta.good), [], 'the good example gives a finding');
      });
    }
  });
}

it('what is made from the files of rules is up to date', async () => {
  for (const [file, text] of Object.entries(await generatedRules()))
    assert.equal(readFileSync(path.join(repository, file), 'utf8'), text, `run node scripts/rules.mjs: ${file}`);
});
