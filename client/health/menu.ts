/** What a click on the status bar item shows: the state, what is wrong and where, and what can be done. */
import * as vscode from 'vscode';
import { countsText, isAnalysing, problemText, summaryOf, type View } from '../view.ts';
import { open } from './places.ts';

interface MenuItem extends vscode.QuickPickItem {
  readonly run?: () => unknown;
}

export async function showMenu(view: View): Promise<void> {
  const picked = await vscode.window.showQuickPick(menuItems(view), {
    title: 'Bulkhead',
    placeHolder: sentence(summaryOf(view).summary),
    matchOnDescription: true,
    matchOnDetail: true,
  });
  await picked?.run?.();
}

function menuItems(view: View): readonly MenuItem[] {
  const items: MenuItem[] = [];
  const group = (label: string, members: readonly MenuItem[]): void => {
    if (members.length > 0) items.push({ label, kind: vscode.QuickPickItemKind.Separator }, ...members);
  };
  if (view.phase === 'running') {
    const { problems, detectors, issues } = view.status;
    const titles = new Map(detectors.map(({ name, title }) => [name, title]));
    group(
      'What is wrong',
      problems.map((problem): MenuItem => {
        const { detector, uri, range } = problem;
        const line = range?.start.line ?? 0;
        return {
          label: `$(warning) ${problemText(problem)}`,
          ...(detector === undefined ? {} : { description: titles.get(detector) ?? detector }),
          ...(uri === undefined
            ? {}
            : { detail: `${vscode.workspace.asRelativePath(vscode.Uri.parse(uri, true))}:${line + 1}` }),
          run: () => (uri === undefined ? command('bulkhead.showOutput')() : open({ uri, line })),
        };
      }),
    );
    const restricted = detectors.filter(({ status }) => status === 'restricted').map(({ title }) => title);
    group('Issues', [
      {
        label: `$(list-unordered) ${sentence(countsText(issues))}`,
        detail: detectors
          .filter((detector) => detector.issues > 0)
          .map((detector) => `${detector.title} ${detector.issues}`)
          .join(' · '),
        run: command('workbench.actions.view.problems'),
      },
      ...(restricted.length === 0
        ? []
        : [
            {
              label: '$(shield) Limited until you trust the workspace',
              detail: `Not run in Restricted Mode: ${restricted.join(', ')}`,
              run: command('workbench.trust.manage'),
            },
          ]),
    ]);
  }
  group('Actions', actions(view));
  return items;
}

function actions(view: View): readonly MenuItem[] {
  const item = (label: string, id: string): MenuItem => ({ label, run: command(id) });
  const restart = item('$(debug-restart) Restart Server', 'bulkhead.restartServer');
  const output = item('$(output) Show Output', 'bulkhead.showOutput');
  const report = item('$(report) Report a Problem…', 'bulkhead.reportProblem');
  if (view.phase !== 'running') return [restart, output, report];
  const paused = view.status.state === 'paused';
  return [
    ...(isAnalysing(view) ? [item('$(debug-stop) Cancel Analysis', 'bulkhead.cancel')] : []),
    ...(paused ? [] : [item('$(refresh) Analyse Workspace', 'bulkhead.analyze')]),
    paused ? item('$(debug-continue) Resume', 'bulkhead.resume') : item('$(debug-pause) Pause', 'bulkhead.pause'),
    item('$(pulse) Open Health', 'bulkhead.openHealth'),
    item('$(graph-line) Open Health Dashboard', 'bulkhead.openDashboard'),
    item('$(sync) Restart Workers', 'bulkhead.restartWorkers'),
    restart,
    output,
    report,
  ];
}

function command(id: string): () => Thenable<unknown> {
  return () => vscode.commands.executeCommand(id);
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
