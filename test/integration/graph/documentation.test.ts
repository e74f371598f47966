/** Every rule of the detectors on the graph has a page, and the examples on it are what they say. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { loadDetector } from '../../../workers/detectors/index.ts';
import * as list from '../../../workers/detectors/list.ts';
import type { Detector } from '../../../workers/protocol/detector.ts';
import { defaultSeverities } from '../../../workers/protocol/manifest.ts';
import { runDetector } from '../../support/run-detector.ts';
import { workspaceOf } from './workspace.ts';

const REPOSITORY = path.resolve(import.meta.dirname, '../../..');
const GENERATED: ReadonlySet<string> = new Set(['hub-module', 'god-module', 'too-deep']);

interface Page {
  readonly severity: string;
  readonly bad: Readonly<Record<string, string>>;
  readonly good: Readonly<Record<string, string>>;
  readonly options: object;
}

function readPage(detector: string, rule: string): Page {
  const text = readFileSync(path.join(REPOSITORY, 'docs/rules', detector, `${rule}.md`), 'utf8');
  assert.ok(text.startsWith(`# ${rule}\n\n\`${detector}/${rule}\` · default: `));
  const files = (heading: string): Readonly<Record<string, string>> => {
    const section = text.split(/^## /m).find((part) => part.startsWith(heading)) ?? '';
    return Object.fromEntries(
      [...section.matchAll(/^```\w* file=(\S+)\n([\s\S]*?)\n?```$/gm)].map((match) => [match[1] ?? '', match[2] ?? '']),
    );
  };
  const options: unknown = JSON.parse(/```json options\n([\s\S]*?)```/.exec(text)?.[1] ?? '{}');
  return {
    severity: /default: (\w+)/.exec(text)?.[1] ?? '',
    bad: files('Bad'),
    good: files('Good'),
    options: options as object,
  };
}

async function rulesFound(
  detector: Detector,
  files: Readonly<Record<string, string>>,
  options: object,
): Promise<readonly string[]> {
  using workspace = workspaceOf(files);
  for (const [file, text] of Object.entries(files)) {
    if (text.includes('{root}')) workspace.write(file, text.replaceAll('{root}', workspace.root.replaceAll('\\', '/')));
  }
  const { issues, problems } = await runDetector(detector, workspace.root, { ...options });
  assert.deepEqual(problems, []);
  return issues.map(({ rule }) => rule);
}

const onGraph = Object.values(list).filter((manifest) => manifest.kind === 'graph');

for (const manifest of onGraph) {
  const rules = defaultSeverities<string>(manifest);
  const detector = await loadDetector(manifest.name);
  describe(`pages of ${manifest.name}`, () => {
    it('are one for each rule', () => {
      const pages = readdirSync(path.join(REPOSITORY, 'docs/rules', manifest.name)).map((name) =>
        path.basename(name, '.md'),
      );
      assert.deepEqual(pages.toSorted(), Object.keys(rules).toSorted());
    });
    for (const [rule, severity] of Object.entries(rules)) {
      it(rule, async () => {
        const page = readPage(detector.name, rule);
        assert.equal(page.severity, severity);
        if (GENERATED.has(rule)) return;
        assert.ok(Object.keys(page.bad).length > 0 && Object.keys(page.good).length > 0);
        const options = { ...page.options, rules: { [rule]: 'warning' } };
        assert.ok((await rulesFound(detector, page.bad, options)).includes(rule), 'the bad example gives no finding');
        assert.ok(!(await rulesFound(detector, page.good, options)).includes(rule), 'the good example gives one');
      });
    }
  });
}
