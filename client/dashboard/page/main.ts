/** The dashboard's page: shows each state that the extension sends. Runs in the webview, for as long as it is shown. */
import * as l10n from '@vscode/l10n';
import type { ToExtension, ToPage } from '../messages.ts';
import { Charts } from './charts.ts';
import { Tables } from './tables.ts';

declare function acquireVsCodeApi(): { postMessage(message: ToExtension): void };

// Before the first text is made.
l10n.config({ contents: byId('texts').textContent ?? '{}' });
const editor = acquireVsCodeApi();
const send = (message: ToExtension): void => editor.postMessage(message);
const charts = new Charts(byId('charts'));
const tables = new Tables(byId('tables'), send);

window.addEventListener('message', ({ data }: MessageEvent<ToPage>) => {
  if (data.kind === 'summary') return summarize(data.summary);
  const { state } = data;
  summarize(state.summary);
  charts.show(state);
  tables.show(state);
});
send({ kind: 'ready' });

function summarize(summary: string): void {
  const element = byId('summary');
  const text = `${summary.charAt(0).toUpperCase()}${summary.slice(1)}`;
  // A screen reader reads it whenever it is set.
  if (element.textContent !== text) element.textContent = text;
}

function byId(id: string): HTMLElement {
  const element = document.getElementById(id);
  if (!element) throw new Error(`The page has no element ${id}.`);
  return element;
}
