/** A tool that the folder declares: its issues come, follow edits and saves, survive a kill, and go with the declaration. */
import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { eventually, file, isAlive } from './support/bulkhead.ts';
import { driver } from './support/driver.ts';

/** Reports each TODO, and the process that found it. */
const program = `
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
const say = (message) => process.stdout.write(JSON.stringify(message) + '\\n');
say({ ready: 1 });
createInterface({ input: process.stdin }).on('line', (line) => {
  const { tx, type, payload } = JSON.parse(line);
  if (type !== 'check') return;
  for (const { id: unit, file } of payload.request.units) {
    const unsaved = payload.request.overlays.find((overlay) => overlay.file === file);
    const lines = (unsaved?.text ?? readFileSync(payload.request.root + '/' + file, 'utf8')).split('\\n');
    const issues = lines.flatMap((text, row) => {
      const at = text.indexOf('TODO');
      const range = { start: { line: row, character: at }, end: { line: row, character: at + 4 } };
      return at < 0 ? [] : [{ rule: 'todo', severity: 'info', message: 'found by ' + process.pid, range }];
    });
    say({ tx, type: 'checkEvent', events: [{ kind: 'issues', unit, file, issues }, { kind: 'done', unit, file }] });
  }
  say({ tx, type: 'checkResult' });
});
`;

const notes = 'notes/plan.txt';

function found(): readonly vscode.Diagnostic[] {
  return vscode.languages.getDiagnostics(file(notes)).filter(({ source }) => source === 'bulkhead(todo)');
}

function foundAre(count: number): Promise<readonly vscode.Diagnostic[]> {
  const probe = () => (found().length === count ? found() : undefined);
  return eventually(`${count} issues of the tool`, probe, [vscode.languages.onDidChangeDiagnostics], () =>
    JSON.stringify(found()),
  );
}

function write(path: string, text: string): Thenable<void> {
  return vscode.workspace.fs.writeFile(file(path), Buffer.from(text));
}

describe('a declared tool', () => {
  let editor: vscode.TextEditor;

  before(async () => {
    await write('tools/todo.mjs', program);
    await write(notes, 'TODO one\nfine\n');
    const todo = { command: ['node', 'tools/todo.mjs'], files: ['notes/**'], output: 'bulkhead' };
    await write('bulkhead.config.json', JSON.stringify({ external: { todo } }));
  });

  it('has its issues in Problems, of a file that is not open', async () => {
    await foundAre(1);
    // The other command of the panel would close it if it is open.
    await vscode.commands.executeCommand('workbench.panel.markers.view.focus');
    await driver.read('.markers-panel', /found by \d+/);
  });

  it('follows an edit, and a save', async () => {
    editor = await vscode.window.showTextDocument(file(notes));
    await editor.edit((edit) => edit.insert(new vscode.Position(1, 0), 'TODO two\n'));
    await foundAre(2);
    assert.ok(editor.document.isDirty);
    await editor.edit((edit) => edit.delete(new vscode.Range(0, 0, 2, 0)));
    await editor.document.save();
    await foundAre(0);
  });

  it('survives kill -9', async () => {
    await editor.edit((edit) => edit.insert(new vscode.Position(0, 0), 'TODO three\n'));
    const [before] = await foundAre(1);
    const pid = Number(/\d+$/.exec(before?.message ?? '')?.[0]);
    process.kill(pid, 'SIGKILL');
    await editor.edit((edit) => edit.insert(new vscode.Position(0, 0), 'TODO four\n'));
    const [after] = await foundAre(2);
    assert.equal(isAlive(pid), false);
    assert.notEqual(after?.message, before?.message);
  });

  it('is gone when its declaration is', async () => {
    await write('bulkhead.config.json', '{}');
    await foundAre(0);
  });
});
