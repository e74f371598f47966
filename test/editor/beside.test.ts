/**
 * Bulkhead beside the built-in TypeScript features and an ESLint extension, and what a person does with issues: quick
 * fixes, the view of all issues, commands. The tests go on from each other, in one window.
 */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import * as vscode from 'vscode';
import { activated, eventually, file, issues, issuesAre, setSetting, settled } from './support/bulkhead.ts';
import { driver } from './support/driver.ts';
import { EslintExtension } from './support/eslint-extension.ts';
import { workspaces } from './support/workspaces.ts';

const typed = file('src/typed/module-0000.ts');
const plain = file('src/plain/module-0001.js');

function rowsOf(uri: vscode.Uri): readonly string[] {
  return vscode.languages.getDiagnostics(uri).map(({ source, code }) => {
    return `${source} ${typeof code === 'object' ? code.value : code}`;
  });
}

/** The rows of a file at each change of its diagnostics. */
function recorded(uri: vscode.Uri): { readonly seen: (readonly string[])[] } & Disposable {
  const seen = [rowsOf(uri)];
  const listener = vscode.languages.onDidChangeDiagnostics(({ uris }) => {
    if (uris.some((one) => one.toString() === uri.toString())) {
      seen.push(rowsOf(uri));
    }
  });
  return { seen, [Symbol.dispose]: () => void listener.dispose() };
}

async function rowsAre(uri: vscode.Uri, expected: readonly string[]): Promise<void> {
  const same = () => (JSON.stringify(rowsOf(uri)) === JSON.stringify(expected) ? true : undefined);
  await eventually(expected.join(', '), same, [vscode.languages.onDidChangeDiagnostics], () => rowsOf(uri).join(', '));
}

/** As a person opens it. What extensions open stays open for minutes after its tab is closed. */
async function open(uri: vscode.Uri): Promise<void> {
  await vscode.commands.executeCommand('vscode.open', uri);
}

async function quickFixes(uri: vscode.Uri, resolve = 0): Promise<vscode.CodeAction[]> {
  const [diagnostic] = vscode.languages.getDiagnostics(uri);
  assert.ok(diagnostic);
  const kind = vscode.CodeActionKind.QuickFix.value;
  const command = 'vscode.executeCodeActionProvider';
  return vscode.commands.executeCommand<vscode.CodeAction[]>(command, uri, diagnostic.range, kind, resolve);
}

describe('beside other extensions', () => {
  const expected = workspaces.beside().issues;
  let eslint: EslintExtension;

  before(async () => {
    await settled(await activated());
    await issuesAre(expected);
    eslint = new EslintExtension();
  });

  after(() => eslint.dispose());

  for (const [what, uri, ours, theirs] of [
    ['TypeScript', typed, 'bulkhead(typescript) TS2322', 'ts 2322'],
    ['ESLint', plain, 'bulkhead(eslint) no-debugger', 'eslint no-debugger'],
  ] as const) {
    it(`shows a problem of ${what} once, and never not at all, while its file opens and closes`, async () => {
      using record = recorded(uri);
      for (let round = 0; round < 2; round++) {
        await open(uri);
        await rowsAre(uri, [theirs]);
        await vscode.commands.executeCommand('workbench.action.closeActiveEditor');
        await rowsAre(uri, [ours]);
      }
      assert.deepEqual(
        record.seen.filter((rows) => rows.length === 0),
        [],
        JSON.stringify(record.seen),
      );
      await driver.print(
        `    ${record.seen.length} changes, ${record.seen.filter((rows) => rows.length > 1).length} with both`,
      );
    });
  }

  it('shows all of its own if the person wants that', async () => {
    await setSetting('openFiles', 'own');
    await open(typed);
    const both = () => (rowsOf(typed).length === 2 ? true : undefined);
    await eventually('both rows', both, [vscode.languages.onDidChangeDiagnostics]);
    await setSetting('openFiles', undefined);
    await rowsAre(typed, ['ts 2322']);
    await vscode.commands.executeCommand('workbench.action.closeActiveEditor');
    await rowsAre(typed, ['bulkhead(typescript) TS2322']);
  });

  it('names problems as the other extensions do if the person wants that', async () => {
    await setSetting('diagnosticSource', 'tool');
    await rowsAre(typed, ['ts 2322']);
    await rowsAre(plain, ['eslint no-debugger']);
    await setSetting('diagnosticSource', undefined);
    await rowsAre(plain, ['bulkhead(eslint) no-debugger']);
  });

  it('offers each quick fix once, and disables a rule with one', async () => {
    eslint.dispose();
    await open(plain);
    await rowsAre(plain, ['bulkhead(eslint) no-debugger']);
    const fixes = await quickFixes(plain, 20);
    const titles = fixes.map(({ title }) => title);
    assert.deepEqual(titles, [...new Set(titles)]);
    const disable = fixes.find(({ title }) => title === 'Disable no-debugger for this line');
    assert.ok(disable?.edit, titles.join(', '));
    await driver.print(`    ${titles.join(' | ')}`);
    assert.ok(await vscode.workspace.applyEdit(disable.edit));
    const { document } = vscode.window.activeTextEditor ?? assert.fail();
    assert.match(document.getText(), /^ {2}\/\/ eslint-disable-next-line no-debugger\n {2}debugger;/m);
    await rowsAre(plain, []);
    await vscode.commands.executeCommand('workbench.action.files.revert');
    await rowsAre(plain, ['bulkhead(eslint) no-debugger']);
  });

  it('shows the menu of quick fixes', async () => {
    // A selection that is set here may reach the window after the menu, and close it.
    await vscode.commands.executeCommand('vscode.open', plain, { selection: new vscode.Range(1, 3, 1, 3) });
    await vscode.commands.executeCommand('editor.action.quickFix');
    await driver.read('.action-widget', /Disable no-debugger for this line[^]*Add to the baseline/);
    await driver.screenshot('quick-fixes');
    await driver.press('Escape');
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
  });

  it('shows all issues as a tree, and the page of a rule', async () => {
    await vscode.commands.executeCommand('bulkhead.issues.focus');
    const view = '.tree-explorer-viewlet-tree-view';
    const { label } = await driver.read(`${view} .monaco-list-row`, /eslint/);
    assert.equal(label, 'eslint, 1 error');
    await driver.click(`${view} .monaco-list-row`);
    const row = await driver.read(`${view} .monaco-list-row[aria-level="2"]`, /error|warning/);
    assert.match(row.label, /^error: /);
    await driver.screenshot('issues-view');
    const page = vscode.Uri.joinPath(extensionRoot(), 'docs', 'rules', 'circular', 'import-cycle.md');
    await vscode.commands.executeCommand('bulkhead.openPage', page.toString());
    const preview = () =>
      vscode.window.tabGroups.activeTabGroup.activeTab?.input instanceof vscode.TabInputWebview || undefined;
    await eventually('the page', preview, [(check) => vscode.window.tabGroups.onDidChangeTabs(check)]);
    await driver.screenshot('rule-page');
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
  });

  it('goes through the problems', async () => {
    const places: string[] = [];
    for (let step = 0; step < 3; step++) {
      await vscode.commands.executeCommand('bulkhead.nextProblem');
      const editor = vscode.window.activeTextEditor ?? assert.fail();
      places.push(`${editor.document.uri.path} ${editor.selection.active.line}`);
    }
    assert.equal(new Set(places).size, 3, places.join(', '));
    await vscode.commands.executeCommand('bulkhead.previousProblem');
    const back = vscode.window.activeTextEditor ?? assert.fail();
    assert.equal(`${back.document.uri.path} ${back.selection.active.line}`, places[1]);
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
  });

  it('adds an issue to the baseline, creates it, and takes it back', async () => {
    await open(typed);
    await rowsAre(typed, ['ts 2322']);
    // It is left to the TypeScript features, which have no such action.
    const fixes = await quickFixes(typed);
    const accept = fixes.find(({ title }) => title === 'Add to the baseline');
    assert.ok(accept?.command, fixes.map(({ title }) => title).join(', '));
    await vscode.commands.executeCommand(accept.command.command, ...((accept.command.arguments ?? []) as unknown[]));
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    await issuesAre(expected.filter((issue) => !issue.startsWith('src/typed/module-0000.ts')));
    await vscode.commands.executeCommand('bulkhead.createBaseline');
    await issuesAre([]);
    const written = readFileSync(file('bulkhead-baseline.json').fsPath, 'utf8');
    assert.match(written, /no-debugger/);
    await vscode.workspace.fs.delete(file('bulkhead-baseline.json'));
    await issuesAre(expected);
  });

  it('leaves out what the editor hides, and analyses a file on its own', async () => {
    const files = vscode.workspace.getConfiguration('files');
    await files.update('exclude', { '**/plain': true }, vscode.ConfigurationTarget.Workspace);
    await issuesAre(expected.filter((issue) => !issue.includes('/plain/')));
    await files.update('exclude', undefined, vscode.ConfigurationTarget.Workspace);
    await issuesAre(expected);
    await vscode.commands.executeCommand('bulkhead.analyzeFile', plain);
    await issuesAre(expected);
    assert.equal(existsSync(file('executed.txt').fsPath), false);
  });

  it('leaves documents alone that are no files', async () => {
    const document = await vscode.workspace.openTextDocument({ language: 'javascript', content: 'debugger;\n' });
    await vscode.window.showTextDocument(document);
    await issuesAre(expected);
    assert.deepEqual(vscode.languages.getDiagnostics(document.uri).filter(({ source }) => source?.startsWith('bulkhead')), []); // prettier-ignore
    assert.deepEqual(issues(), expected);
    await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
  });
});

function extensionRoot(): vscode.Uri {
  return vscode.extensions.getExtension('bulkhead.bulkhead')?.extensionUri ?? assert.fail();
}
