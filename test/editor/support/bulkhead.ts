/** The extension under test, as a test sees it: its issues, its status, its processes. Everything waits on events. */
import assert from 'node:assert/strict';
import { dirname } from 'node:path/posix';
import * as vscode from 'vscode';
import { detectorNames } from '../../../workers/detectors/manifests.ts';
import type { BulkheadApi } from '../../../client/extension.ts';
import type { StatusParams } from '../../../workers/protocol/editor-protocol.ts';
import type { ExpectedIssue } from './workspaces.ts';

export const extensionId = 'bulkhead.bulkhead';

/** Only guards against hanging, milliseconds. */
const patienceMs = 180_000;

export function folder(): vscode.Uri {
  const first = vscode.workspace.workspaceFolders?.[0];
  assert.ok(first, 'no folder is open');
  return first.uri;
}

export function file(path: string): vscode.Uri {
  return vscode.Uri.joinPath(folder(), path);
}

/** Waits for the editor to activate the extension by itself. */
export async function activated(): Promise<BulkheadApi> {
  const extension = vscode.extensions.getExtension<BulkheadApi>(extensionId);
  assert.ok(extension, `${extensionId} is not installed`);
  const installed = process.env['BULKHEAD_EDITOR_EXTENSIONS'];
  if (installed) {
    assert.ok(extension.extensionPath.startsWith(installed), `${extension.extensionPath} is not the installed package`);
  }
  // There is no event for it: looked at again whenever anything about extensions or documents moves, and in between.
  const deadline = Date.now() + patienceMs;
  while (!extension.isActive) {
    assert.ok(Date.now() < deadline, 'the extension did not activate');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return extension.exports;
}

/** Waits for a status that fulfils the condition; the current one counts. */
export function status(
  api: BulkheadApi,
  what: string,
  condition: (status: StatusParams) => boolean,
): Promise<StatusParams> {
  const fulfilled = () => (api.status && condition(api.status) ? api.status : undefined);
  return eventually(what, fulfilled, [(check) => api.onDidChangeStatus(check)], () => JSON.stringify(api.status));
}

/** Waits until every detector has ended its work, or will not begin any. */
export function settled(api: BulkheadApi): Promise<StatusParams> {
  return status(api, 'the end of the analysis', ({ state, detectors }) => {
    // Right after its start the server knows of no detector yet.
    return state !== 'analysing' && detectorNames.every((name) => detectors.some((detector) => detector.name === name));
  });
}

/** The end of the next analysis of the same server; call it before what starts it. */
export async function nextAnalysis(api: BulkheadApi): Promise<StatusParams> {
  const before = api.status?.analyses ?? 0;
  await status(api, 'another analysis', ({ analyses }) => analyses > before);
  return settled(api);
}

/** Waits until exactly these issues are shown, over all detectors. */
export async function issuesAre(expected: readonly ExpectedIssue[]): Promise<void> {
  const same = () => {
    const shown = issues();
    return shown.length === expected.length && shown.every((issue, index) => issue === expected[index]);
  };
  try {
    await eventually('the expected issues', () => (same() ? true : undefined), [
      vscode.languages.onDidChangeDiagnostics,
    ]);
  } catch {
    assert.deepEqual(issues(), expected);
  }
}

/** All issues shown, sorted. */
export function issues(): readonly ExpectedIssue[] {
  return vscode.languages
    .getDiagnostics()
    .flatMap(([uri, diagnostics]) =>
      diagnostics.flatMap((diagnostic) => {
        const detector = /^bulkhead\((.+)\)$/.exec(diagnostic.source ?? '')?.[1];
        const path = vscode.workspace.asRelativePath(uri);
        const place = detector === 'circular' ? dirname(path) : path;
        return detector ? [`${place} ${detector} ${ruleOf(diagnostic)}`] : [];
      }),
    )
    .toSorted();
}

function ruleOf({ code }: vscode.Diagnostic): string {
  return String(typeof code === 'object' ? code.value : code);
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

export async function setSetting(key: string, value: unknown): Promise<void> {
  await vscode.workspace.getConfiguration('bulkhead').update(key, value, vscode.ConfigurationTarget.Workspace);
}

/** Checks now and after each event; rejects with what was there instead when patience ends. */
export function eventually<Value>(
  what: string,
  probe: () => Value | undefined,
  events: readonly ((listener: () => void) => vscode.Disposable)[],
  instead: () => string = () => '',
): Promise<Value> {
  return new Promise((resolve, reject) => {
    const disposables: vscode.Disposable[] = [];
    const end = (settle: () => void) => {
      clearTimeout(timer);
      for (const disposable of disposables) {
        disposable.dispose();
      }
      settle();
    };
    const check = () => {
      const value = probe();
      if (value !== undefined) {
        end(() => resolve(value));
      }
    };
    const timer = setTimeout(() => {
      end(() => reject(new Error(`No sign of ${what} within ${patienceMs / 1000} s. ${instead()}`)));
    }, patienceMs);
    for (const event of events) {
      disposables.push(event(check));
    }
    check();
  });
}
