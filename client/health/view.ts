/** The health view: a native tree, which asks the server only while it is visible. Lives as long as the extension. */
import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import type { ServerManager } from '../server-manager.ts';
import { isPlace, placeOf } from './places.ts';
import { healthTree, type HealthNode } from './model.ts';
import type { HealthFeed } from './feed.ts';

export class HealthView implements vscode.Disposable, vscode.TreeDataProvider<HealthNode> {
  readonly #manager: ServerManager;
  readonly #feed: HealthFeed;
  readonly #tree: vscode.TreeView<HealthNode>;
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #disposables: readonly { dispose(): unknown }[];
  #watch: vscode.Disposable | undefined;

  constructor(manager: ServerManager, feed: HealthFeed) {
    this.#manager = manager;
    this.#feed = feed;
    this.#tree = vscode.window.createTreeView('bulkhead.health', { treeDataProvider: this, showCollapseAll: true });
    this.#disposables = [
      this.#tree,
      this.#changed,
      feed.onDidChange(() => this.#changed.fire()),
      manager.onDidChangeView(() => this.#showBadge()),
      this.#tree.onDidChangeVisibility(({ visible }) => this.#follow(visible)),
    ];
    this.#follow(this.#tree.visible);
  }

  get onDidChangeTreeData(): vscode.Event<void> {
    return this.#changed.event;
  }

  getChildren(node?: HealthNode): HealthNode[] {
    return [...(node === undefined ? healthTree(this.#manager.view, this.#feed.latest) : (node.children ?? []))];
  }

  getTreeItem(node: HealthNode): vscode.TreeItem {
    const { None, Collapsed, Expanded } = vscode.TreeItemCollapsibleState;
    const item = new vscode.TreeItem(node.label, node.children ? (node.expanded ? Expanded : Collapsed) : None);
    item.id = node.id;
    if (node.description !== undefined) item.description = node.description;
    item.tooltip = node.tooltip ?? [node.label, ...(node.description ? [node.description] : [])].join('\n');
    item.accessibilityInformation = { label: [node.label, node.description ?? ''].join(' ').trim() };
    if (node.icon !== 'blank') item.iconPath = new vscode.ThemeIcon(node.icon);
    if (node.kind !== undefined) item.contextValue = node.kind;
    if (isPlace(node.opens)) {
      const { uri, selection } = placeOf(node.opens);
      item.command = { command: 'vscode.open', title: l10n.t('Open'), arguments: [uri, { selection, preview: true }] };
    }
    return item;
  }

  dispose(): void {
    this.#watch?.dispose();
    for (const disposable of this.#disposables) disposable.dispose();
  }

  #follow(visible: boolean): void {
    this.#watch?.dispose();
    this.#watch = visible ? this.#feed.watch() : undefined;
    this.#changed.fire();
  }

  #showBadge(): void {
    const { view } = this.#manager;
    const value = view.phase === 'running' ? view.status.problems.length : 0;
    if ((this.#tree.badge?.value ?? 0) === value) return;
    const tooltip = value === 1 ? l10n.t('1 problem') : l10n.t('{0} problems', value);
    this.#tree.badge = value === 0 ? undefined : { value, tooltip };
  }
}
