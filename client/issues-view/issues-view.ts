/** The view of all issues as a tree, beside the Problems panel. Lives as long as the extension. */
import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import { countsText } from '../counts.ts';
import { issueDataOf } from '../issue-data.ts';
import { openPage } from '../issue-commands.ts';
import { changedFiles } from './changed-files.ts';
import {
  countsOf,
  firstLine,
  groupings,
  groupsOf,
  isShown,
  rowLabel,
  scopes,
  severities,
  severitiesWord,
  type Filter,
  type Group,
  type Grouping,
  type IssueRow,
  type RowSeverity,
  type Scope,
} from './issue-tree.ts';
import type { ShownDiagnostics } from '../shown-diagnostics.ts';

const viewId = 'bulkhead.issues';
/** Issues come in bursts. */
const refreshMs = 300;
/** Of one group: a tree of more is of no use to anybody. */
const maxRows = 1000;

/** What the person chose, kept for the workspace. */
interface Choice {
  readonly grouping: Grouping;
  readonly scope: Scope;
  readonly text: string;
  readonly severities: readonly RowSeverity[];
  /** The commit that `changed` compares with; empty: the last one. */
  readonly ref: string;
}

const defaultChoice: Choice = { grouping: 'detector', scope: 'all', text: '', severities, ref: '' };

interface More {
  readonly kind: 'more';
  readonly count: number;
}

/** A row of the view. */
export type IssueNode = Group | More | (IssueRow & { readonly kind: 'row' });

export class IssuesView implements vscode.TreeDataProvider<IssueNode>, vscode.Disposable {
  readonly #diagnostics: ShownDiagnostics;
  readonly #memory: vscode.Memento;
  readonly #changed = new vscode.EventEmitter<undefined>();
  readonly #view: vscode.TreeView<IssueNode>;
  readonly #disposables: readonly { dispose(): unknown }[];
  #choice: Choice;
  #changedFiles: ReadonlySet<string> = new Set();
  #groups: readonly Group[] | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(diagnostics: ShownDiagnostics, memory: vscode.Memento) {
    this.#diagnostics = diagnostics;
    this.#memory = memory;
    this.#choice = { ...defaultChoice, ...memory.get<Partial<Choice>>(viewId) };
    this.#view = vscode.window.createTreeView<IssueNode>(viewId, { treeDataProvider: this, showCollapseAll: true });
    this.#disposables = [
      this.#view,
      this.#changed,
      diagnostics.onDidChange(() => this.#refreshLater()),
      vscode.window.tabGroups.onDidChangeTabs(() => this.#choice.scope === 'open' && this.#refreshLater()),
      vscode.workspace.onDidSaveTextDocument(() => this.#choice.scope === 'changed' && void this.#readChanges()),
      this.#view.onDidChangeVisibility(({ visible }) => visible && this.#refresh()),
    ];
    void this.#readChanges();
  }

  get onDidChangeTreeData(): vscode.Event<undefined> {
    return this.#changed.event;
  }

  getChildren(node?: IssueNode): IssueNode[] {
    if (node === undefined) {
      return [...this.#current()];
    }
    if (node.kind !== 'group') {
      return [];
    }
    const rows = node.rows.slice(0, maxRows).map((row) => ({ ...row, kind: 'row' as const }));
    const hidden = node.rows.length - rows.length;
    return hidden === 0 ? rows : [...rows, { kind: 'more', count: hidden }];
  }

  getTreeItem(node: IssueNode): vscode.TreeItem {
    switch (node.kind) {
      case 'group':
        return groupItem(node);
      case 'more':
        return new vscode.TreeItem(l10n.t('{0} more are not listed. Filter the view to see them.', node.count));
      case 'row':
        return rowItem(node);
    }
  }

  dispose(): void {
    clearTimeout(this.#timer);
    vscode.Disposable.from(...this.#disposables).dispose();
  }

  async chooseGrouping(): Promise<void> {
    const items = groupings.map((grouping) => ({ label: groupingTitle(grouping), grouping }));
    const picked = await vscode.window.showQuickPick(items, { title: l10n.t('Group Issues') });
    if (picked) {
      await this.#choose({ grouping: picked.grouping });
    }
  }

  async chooseScope(): Promise<void> {
    const items = scopes.map((scope) => ({ label: scopeTitle(scope, ''), scope }));
    const picked = await vscode.window.showQuickPick(items, { title: l10n.t('Scope of the Issues View') });
    if (!picked) {
      return;
    }
    if (picked.scope !== 'changed') {
      await this.#choose({ scope: picked.scope });
      return;
    }
    const ref = await vscode.window.showInputBox({
      title: l10n.t('Changed Since'),
      prompt: l10n.t('A branch, a tag or a commit. Empty: the last commit.'),
      value: this.#choice.ref,
    });
    if (ref !== undefined) {
      await this.#choose({ scope: 'changed', ref: ref.trim() });
    }
  }

  async chooseText(): Promise<void> {
    const text = await vscode.window.showInputBox({
      title: l10n.t('Filter Issues'),
      prompt: l10n.t('A part of the message, the rule, the detector or the path.'),
      value: this.#choice.text,
    });
    if (text !== undefined) {
      await this.#choose({ text });
    }
  }

  async chooseSeverities(): Promise<void> {
    const items = severities.map((severity) => ({
      label: severitiesWord(severity),
      severity,
      picked: this.#choice.severities.includes(severity),
    }));
    const picked = await vscode.window.showQuickPick(items, { title: l10n.t('Severities'), canPickMany: true });
    if (picked) {
      await this.#choose({ severities: picked.map(({ severity }) => severity) });
    }
  }

  async explain(node?: IssueNode): Promise<void> {
    const page = node?.kind === 'more' ? undefined : node?.page;
    if (page === undefined) {
      void vscode.window.showInformationMessage(l10n.t('This rule has no page.'));
      return;
    }
    await openPage(page);
  }

  /** Shows everything again. */
  async clearFilter(): Promise<void> {
    await this.#choose({ ...defaultChoice, grouping: this.#choice.grouping });
  }

  #current(): readonly Group[] {
    if (this.#groups === undefined) {
      const rows = this.#rows();
      const { scope, text, severities: chosen } = this.#choice;
      const open = new Set(openFiles());
      const filter: Filter = { scope, text, severities: new Set(chosen), open, changed: this.#changedFiles };
      const shown = rows.filter((row) => isShown(row, filter));
      this.#groups = groupsOf(shown, this.#choice.grouping);
      this.#describe(shown, rows.length);
    }
    return this.#groups;
  }

  #rows(): readonly IssueRow[] {
    const rows: IssueRow[] = [];
    this.#diagnostics.forEach((uri, all) => {
      const file = vscode.workspace.asRelativePath(uri);
      rows.push(...all.map((diagnostic) => rowOf(uri, file, diagnostic)));
    });
    return rows;
  }

  #describe(shown: readonly IssueRow[], total: number): void {
    const { scope, text, ref, severities: chosen } = this.#choice;
    const parts = [
      ...(scope === 'all' ? [] : [scopeTitle(scope, ref)]),
      ...(chosen.length === severities.length ? [] : [chosen.map(severitiesWord).join(', ')]),
      ...(text === '' ? [] : [`“${text}”`]),
    ];
    this.#view.description = countsText(countsOf(shown));
    this.#view.message = parts.length === 0 ? '' : l10n.t('{0}: {1} of {2}', parts.join(' · '), shown.length, total);
    const isEmptied = shown.length === 0 && total > 0;
    void vscode.commands.executeCommand('setContext', 'bulkhead.issuesFilteredAway', isEmptied);
    void vscode.commands.executeCommand('setContext', 'bulkhead.issuesFiltered', parts.length > 0);
  }

  #refreshLater(): void {
    this.#timer ??= setTimeout(() => this.#refresh(), refreshMs);
  }

  #refresh(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#groups = undefined;
    if (this.#view.visible) {
      this.#changed.fire(undefined);
    }
  }

  async #choose(change: Partial<Choice>): Promise<void> {
    this.#choice = { ...this.#choice, ...change };
    await this.#memory.update(viewId, this.#choice);
    await this.#readChanges();
    this.#refresh();
  }

  async #readChanges(): Promise<void> {
    if (this.#choice.scope === 'changed') {
      this.#changedFiles = await changedFiles(this.#choice.ref);
      this.#refresh();
    }
  }
}

function groupingTitle(grouping: Grouping): string {
  switch (grouping) {
    case 'detector':
      return l10n.t('By Detector');
    case 'rule':
      return l10n.t('By Rule');
    case 'folder':
      return l10n.t('By Folder');
    case 'cause':
      return l10n.t('By Cause');
  }
}

function scopeTitle(scope: Scope, ref: string): string {
  switch (scope) {
    case 'all':
      return l10n.t('All files');
    case 'changed':
      return ref === '' ? l10n.t('Changed files') : l10n.t('Changed since {0}', ref);
    case 'open':
      return l10n.t('Open files');
    case 'errors':
      return l10n.t('Errors only');
  }
}

function openFiles(): readonly string[] {
  const tabs = vscode.window.tabGroups.all.flatMap((group) => group.tabs);
  return tabs.flatMap(({ input }) => (input instanceof vscode.TabInputText ? [input.uri.toString()] : []));
}

function rowOf(uri: vscode.Uri, file: string, diagnostic: vscode.Diagnostic): IssueRow {
  const { detector = 'bulkhead', rule, cause } = issueDataOf(diagnostic);
  const { code, message, range, severity } = diagnostic;
  const isObject = typeof code === 'object';
  return {
    uri: uri.toString(),
    file,
    detector,
    rule: rule ?? String(isObject ? code.value : (code ?? 'hidden')),
    severity: severities[severity] ?? 'error',
    message,
    line: range.start.line,
    character: range.start.character,
    page: isObject ? code.target.toString() : undefined,
    cause,
  };
}

function groupItem({ id, label, counts, page }: Group): vscode.TreeItem {
  const item = new vscode.TreeItem(label, vscode.TreeItemCollapsibleState.Collapsed);
  item.id = id;
  item.description = countsText(counts);
  item.contextValue = page === undefined ? 'group' : 'rule';
  item.accessibilityInformation = { label: `${label}, ${countsText(counts)}` };
  return item;
}

const icons: Readonly<Record<RowSeverity, vscode.ThemeIcon>> = {
  error: new vscode.ThemeIcon('error', new vscode.ThemeColor('problemsErrorIcon.foreground')),
  warning: new vscode.ThemeIcon('warning', new vscode.ThemeColor('problemsWarningIcon.foreground')),
  info: new vscode.ThemeIcon('info', new vscode.ThemeColor('problemsInfoIcon.foreground')),
  hint: new vscode.ThemeIcon('lightbulb'),
};

function rowItem(row: IssueRow): vscode.TreeItem {
  const { uri, file, rule, severity, message, line, character, page } = row;
  const item = new vscode.TreeItem(firstLine(message));
  const position = new vscode.Position(line, character);
  item.description = `${file}:${line + 1} · ${rule}`;
  item.tooltip = message;
  item.iconPath = icons[severity];
  item.contextValue = page === undefined ? 'issue' : 'issueWithPage';
  item.accessibilityInformation = { label: rowLabel(row) };
  item.command = {
    title: l10n.t('Open'),
    command: 'vscode.open',
    arguments: [vscode.Uri.parse(uri, true), { selection: new vscode.Range(position, position), preserveFocus: true }],
  };
  return item;
}
