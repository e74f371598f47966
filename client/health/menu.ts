/** What a click on the status bar item shows: the state, what is wrong and where, and what can be done. */
import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import { countsText } from '../counts.ts';
import { isAnalysing, problemText, summaryOf, type View } from '../view.ts';
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
      l10n.t('What is wrong'),
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
    group(l10n.t('Issues'), [
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
              label: `$(shield) ${l10n.t('Limited until you trust the workspace')}`,
              detail: l10n.t('Not run in Restricted Mode: {0}', restricted.join(', ')),
              run: command('workbench.trust.manage'),
            },
          ]),
    ]);
  }
  group(l10n.t('Actions'), actions(view));
  return items;
}

function actions(view: View): readonly MenuItem[] {
  const item = (icon: string, label: string, id: string): MenuItem => ({
    label: `$(${icon}) ${label}`,
    run: command(id),
  });
  const restart = item('debug-restart', l10n.t('Restart Server'), 'bulkhead.restartServer');
  const output = item('output', l10n.t('Show Output'), 'bulkhead.showOutput');
  const report = item('report', l10n.t('Report a Problem…'), 'bulkhead.reportProblem');
  if (view.phase !== 'running') return [restart, output, report];
  const paused = view.status.state === 'paused';
  return [
    ...(isAnalysing(view) ? [item('debug-stop', l10n.t('Cancel Analysis'), 'bulkhead.cancel')] : []),
    ...(paused ? [] : [item('refresh', l10n.t('Analyse Workspace'), 'bulkhead.analyze')]),
    paused
      ? item('debug-continue', l10n.t('Resume'), 'bulkhead.resume')
      : item('debug-pause', l10n.t('Pause'), 'bulkhead.pause'),
    item('pulse', l10n.t('Open Health'), 'bulkhead.openHealth'),
    item('graph-line', l10n.t('Open Health Dashboard'), 'bulkhead.openDashboard'),
    item('sync', l10n.t('Restart Workers'), 'bulkhead.restartWorkers'),
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
