/** The health dashboard: one panel with a page. It asks the server only while it is visible. Lives as long as the extension. */
import { randomBytes } from 'node:crypto';
import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import type { HealthFeed } from '../health/feed.ts';
import { open } from '../health/places.ts';
import type { ServerManager } from '../server-manager.ts';
import { summaryOf } from '../view.ts';
import { History } from './history.ts';
import { pageOf } from './html.ts';
import type { ToExtension, ToPage } from './messages.ts';
import { openRule } from './rules.ts';

export class Dashboard implements vscode.Disposable {
  readonly #extension: vscode.Uri;
  readonly #manager: ServerManager;
  readonly #feed: HealthFeed;
  #panel: vscode.WebviewPanel | undefined;
  #history = new History();
  #watch: vscode.Disposable | undefined;
  readonly #listener: vscode.Disposable;

  constructor(extension: vscode.Uri, manager: ServerManager, feed: HealthFeed) {
    this.#extension = extension;
    this.#manager = manager;
    this.#feed = feed;
    this.#listener = feed.onDidChange(() => this.#sample());
  }

  /** Shows the panel, which exists at most once. */
  open(): void {
    if (this.#panel) return this.#panel.reveal();
    const folder = vscode.Uri.joinPath(this.#extension, 'dist', 'dashboard');
    const panel = vscode.window.createWebviewPanel(
      'bulkhead.dashboard',
      l10n.t('Bulkhead Health'),
      vscode.ViewColumn.Active,
      {
        enableScripts: true,
        localResourceRoots: [folder],
      },
    );
    this.#panel = panel;
    panel.iconPath = vscode.Uri.joinPath(this.#extension, 'media', 'icon.png');
    panel.onDidDispose(() => this.#closed());
    panel.onDidChangeViewState(() => this.#follow(panel.visible));
    panel.webview.onDidReceiveMessage((message: ToExtension) => void this.#receive(message));
    const uri = (name: string): string => panel.webview.asWebviewUri(vscode.Uri.joinPath(folder, name)).toString();
    panel.webview.html = pageOf({
      script: uri('page.js'),
      style: uri('style.css'),
      source: panel.webview.cspSource,
      nonce: randomBytes(16).toString('base64url'),
      language: vscode.env.language,
      texts: vscode.l10n.bundle ?? {},
    });
    this.#follow(true);
  }

  dispose(): void {
    this.#listener.dispose();
    this.#panel?.dispose();
  }

  #follow(visible: boolean): void {
    if (!visible) {
      this.#watch?.dispose();
      this.#watch = undefined;
    } else this.#watch ??= this.#feed.watch();
  }

  #closed(): void {
    this.#panel = undefined;
    this.#history = new History();
    this.#follow(false);
  }

  #sample(): void {
    const { view } = this.#manager;
    const { latest } = this.#feed;
    if (!this.#watch) return;
    if (view.phase === 'running' && latest) this.#history.add(Date.now(), latest.health.workers, view.status.issues);
    this.#send();
  }

  #send(): void {
    const { view } = this.#manager;
    const { latest } = this.#feed;
    const { summary } = summaryOf(view);
    if (view.phase !== 'running' || !latest) return this.#post({ kind: 'summary', summary });
    this.#post({ kind: 'state', state: this.#history.state(summary, latest, view.status, latest.timings) });
  }

  #post(message: ToPage): void {
    void this.#panel?.webview.postMessage(message);
  }

  async #receive(message: ToExtension): Promise<void> {
    switch (message.kind) {
      case 'ready':
        return this.#send();
      case 'openPlace':
        return open(message.place);
      case 'openRule':
        return openRule(message.rule);
    }
  }
}
