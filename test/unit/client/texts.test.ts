/** What people read of the extension can be translated: all of it, and nothing else is handed to translators. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import * as l10n from '@vscode/l10n';
import { getL10nPseudoLocalized } from '@vscode/l10n-dev';
import ts from 'typescript';
import { countsText } from '../../../client/counts.ts';
import { pageOf } from '../../../client/dashboard/html.ts';
import { stateWords } from '../../../client/health/format.ts';
import { healthTree, type HealthNode } from '../../../client/health/model.ts';
import { groupsOf } from '../../../client/issues-view/issue-tree.ts';
import { statusItem } from '../../../client/view.ts';
import { clientSources } from '../../../scripts/texts.mjs';
import type { StatusParams } from '../../../workers/protocol/editor-protocol.ts';
import { health, status } from './texts-of.ts';

const root = path.resolve(import.meta.dirname, '../../..');
const read = (file: string): string => readFileSync(path.join(root, file), 'utf8');
const textsOf = (file: string) => JSON.parse(read(file)) as Record<string, string>;

describe('texts of package.json', () => {
  const nls = textsOf('package.nls.json');
  const manifest = read('package.json');
  const keys = [...manifest.matchAll(/"%([\w.-]+)%"/g)].map(([, key = '']) => key);

  it('are all in package.nls.json, and no others', () => {
    assert.deepEqual(
      keys.filter((key) => !nls[key]),
      [],
    );
    assert.deepEqual(
      Object.keys(nls).filter((key) => !keys.includes(key)),
      [],
    );
  });

  it('stand nowhere else', () => {
    const { contributes, capabilities } = JSON.parse(manifest) as Record<string, unknown>;
    const plain: string[] = [];
    const look = (value: unknown, name = ''): void => {
      if (typeof value === 'object' && value !== null) {
        for (const [key, each] of Object.entries(value)) if (!notOurs.has(key)) look(each, key);
      } else if (typeof value === 'string' && isText(value) && !notShown.has(name)) plain.push(`${name}: ${value}`);
    };
    look(contributes);
    look(capabilities);
    assert.deepEqual(plain, []);
  });
});

/** Values of settings, and what language models read. */
const notOurs = new Set(['default', 'enum', 'modelDescription', 'inputSchema']);
/** Members of package.json with words that nobody reads; the name of the product stays. */
const notShown = new Set(['when', 'enablement', 'category', 'pattern', 'icon']);

/** Words, or one that is capitalised as labels are. */
function isText(text: string): boolean {
  return /\p{L}{2,}[,.:;]? \p{L}/u.test(text) || (/^\p{Lu}\p{Ll}+…?$/u.test(text) && text !== 'Bulkhead');
}

describe('texts of the client', () => {
  it('go through l10n.t, unless only the log or a program reads them', () => {
    const plain = clientSources().flatMap((file) => plainTexts(file));
    const isMeant = ({ place, text }: (typeof plain)[number]): boolean =>
      notForPeople.some(([file, words]) => place.startsWith(`${file}:`) && words.test(text));
    assert.deepEqual(
      plain.filter((one) => !isMeant(one)).map(({ place, text }) => `${place}: ${text}`),
      [],
    );
    const unused = notForPeople.filter(
      ([file]) => !plain.some((one) => isMeant(one) && one.place.startsWith(`${file}:`)),
    );
    assert.deepEqual(unused, []);
    const planted = [
      "vscode.window.showInformationMessage('All is well');",
      "item.label = 'Workers';",
      'item.tooltip = `${count} files wait`;',
      "l10n.t('All is well');",
      "log.info('All is well');",
    ];
    const missed = planted.map((line) => plainTexts('planted.ts', line).length);
    assert.deepEqual(missed, [1, 1, 1, 0, 0]);
  });

  describe('in another language', () => {
    before(() => l10n.config({ contents: getL10nPseudoLocalized(textsOf('l10n/bundle.l10n.json')) }));
    after(() => l10n.config({ contents: {} }));

    it('are on the status bar item, in each of its states', () => {
      const states = ['idle', 'analysing', 'problem', 'paused'] as const satisfies readonly StatusParams['state'][];
      const views = [
        ...(['starting', 'restarting', 'stopped', 'failed'] as const).map((phase) => ({ phase })),
        ...states.map((state) => ({ phase: 'running' as const, status: { ...status, state } })),
      ];
      for (const view of views) {
        const { text, tooltip, label } = statusItem(view);
        for (const shown of [text, label, tooltip]) assert.deepEqual(englishIn(shown), [], shown);
      }
    });

    it('are in the health view', () => {
      const texts = (nodes: readonly HealthNode[]): readonly string[] =>
        nodes.flatMap(({ label, description = '', tooltip = '', children = [] }) => {
          return [label, description, tooltip, ...texts(children)];
        });
      const shown = texts(healthTree({ phase: 'running', status: { ...status, state: 'problem' } }, health));
      assert.ok(shown.length > 30);
      assert.deepEqual(shown.flatMap(englishIn), []);
    });

    it('are in the tree of issues and on the dashboard', () => {
      const [group] = groupsOf([{ uri: '', file: 'f', detector: 'x', rule: 'x', severity: 'error', message: '', line: 0, character: 0 }], 'cause'); // prettier-ignore
      assert.deepEqual(englishIn(`${group?.label} ${countsText({ error: 1, warning: 2, info: 1, hint: 2 })}`), []);
      assert.deepEqual(englishIn(stateWords('backing-off')), []);
      const texts = { 'a </script>': 'b' };
      const page = pageOf({ script: 's', style: 's', source: 's', nonce: 'n', language: 'de', texts });
      const [, body = ''] = /<body>([^]*)<script type/.exec(page) ?? [];
      assert.deepEqual(englishIn(body.replace(/<[^>]+>/g, ' ')), []);
      assert.match(page, /<html lang="de">/);
      const [, json = ''] = /id="texts">(.*?)<\/script>/.exec(page) ?? [];
      assert.deepEqual(JSON.parse(json), texts);
    });
  });

  it('have a folder of translations that VS Code finds', () => {
    const { l10n: folder } = JSON.parse(read('package.json')) as { readonly l10n: string };
    assert.ok(existsSync(path.join(root, folder, 'bundle.l10n.json')));
  });
});

/** The pseudo-locale writes no English word with the letters of English. */
function englishIn(text: string): readonly string[] {
  const words = text.replace(/\$\([\w~-]+\)|\]\(command:[\w.]+\)|:-+|-+:/g, ' ').match(/[A-Za-z]{3,}/g) ?? [];
  return words.filter((word) => word !== 'Bulkhead');
}

const notForPeople: readonly (readonly [file: string, words: RegExp])[] = [
  // Language models.
  ['client/agents.ts', /^(?:stopping: |Ask again| Ask again)/],
  // Names of classes of a style.
  ['client/dashboard/page/charts.ts', /^swatch line-$/],
  // Those who get a report may not read the language of those who make it.
  ['client/report/contents.ts', /^(?:A report of|no answer|no report)/],
  // The client of the protocol shows it only if nobody handles it.
  ['client/server-connection.ts', /^The language server ended\.$/],
];

/** Literals that look like a text and are none of `l10n.t`'s, with their place. */
function plainTexts(file: string, code = read(file)): readonly { readonly place: string; readonly text: string }[] {
  const source = ts.createSourceFile(file, code, ts.ScriptTarget.Latest, true);
  const found: { readonly place: string; readonly text: string }[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node) || ts.isTypeNode(node)) return;
    if (ts.isCallExpression(node) || ts.isNewExpression(node)) {
      const name = node.expression.getText(source);
      if (name === 'l10n.t' || /(?:^|\.)(?:log|#log|options\.log)\.\w+$|^(?:Error|Set|Map)$/.test(name)) {
        node.arguments?.filter((argument) => !ts.isStringLiteral(argument) && !ts.isTemplateExpression(argument)).forEach(visit); // prettier-ignore
        return;
      }
    }
    const parts = ts.isTemplateExpression(node)
      ? [node.head.text, ...node.templateSpans.map(({ literal }) => literal.text)]
      : ts.isStringLiteralLike(node)
        ? [node.text]
        : [];
    const line = source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1;
    for (const part of parts) {
      // The page of the dashboard: a tag may begin or end in another part.
      const text = part.replace(/<[^>]*>?|^[^<]*>/g, '').trim();
      if (isText(text)) found.push({ place: `${file}:${line}`, text });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}
