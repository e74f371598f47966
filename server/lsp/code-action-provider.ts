/**
 * Answers code action requests. It offers a fix only if each file that the fix edits still has the text that the fix was
 * computed for; otherwise it analyses the present text first, or offers nothing. Lives as long as the connection.
 */
import path from 'node:path';
import {
  CodeActionTriggerKind,
  type CodeAction,
  type CodeActionParams,
  type Diagnostic,
} from 'vscode-languageserver/node';
import type { Issue } from '../../workers/protocol/detector-protocol.ts';
import { textHash } from '../../workers/protocol/fingerprint.ts';
import { readText } from '../../workers/protocol/read-file.ts';
import { codeActionsOf, fixAllKind, fixAllOf, isRequested, type EditTarget, type FoundIssue } from './code-actions.ts';
import type { Documents } from './documents.ts';
import type { Workspace } from './workspace.ts';

/** A menu of quick fixes does not wait longer for an analysis. */
const menuWaitMs = 2_000;

export interface CodeActionHost {
  readonly documents: Documents;
  workspace(): Workspace | undefined;
  /** The editor refuses an edit if the document's version is not the one that the edit names. */
  canCheckVersions(): boolean;
  /** The editor has Bulkhead's settings in a view of its own, which it can open. */
  opensSettings(): boolean;
  /** The text is analysed while the user types. */
  followsTyping(): boolean;
  /** Starts to analyse the present text of a document at once. */
  analyseNow(uri: string): void;
}

/** The present text of a file. */
interface PresentText {
  readonly uri: string;
  /** Null: the document is not open. */
  readonly version: number | null;
  readonly hash: string;
}

export class CodeActionProvider {
  readonly #host: CodeActionHost;

  constructor(host: CodeActionHost) {
    this.#host = host;
  }

  async provide({ textDocument: { uri }, context }: CodeActionParams, signal: AbortSignal): Promise<CodeAction[]> {
    // Only if requested by name: on save, or from the menu of source actions.
    if (context.only !== undefined && isRequested(fixAllKind, context.only)) return this.#fixAll(uri, signal);
    const find = (): readonly [Diagnostic, FoundIssue][] =>
      context.diagnostics.flatMap((diagnostic) => {
        const found = this.#host.workspace()?.issueOf(uri, diagnostic);
        return found ? [[diagnostic, found] as [Diagnostic, FoundIssue]] : [];
      });
    let found = find();
    let texts = await this.#textsFor(found.map(([, issue]) => issue));
    const isOutdated = found.some(([, { root, issue }]) => !isFor(root, issue, texts));
    const isWanted = this.#host.followsTyping() || context.triggerKind !== CodeActionTriggerKind.Automatic;
    if (isOutdated && isWanted) {
      await this.#analyse(uri, AbortSignal.any([signal, AbortSignal.timeout(menuWaitMs)]));
      found = find();
      texts = await this.#textsFor(found.map(([, issue]) => issue));
    }
    return found.flatMap(([diagnostic, each]) =>
      codeActionsOf(each, diagnostic, this.#targets(each, texts), this.#host.opensSettings()),
    );
  }

  /** Fixes for the present text, which is analysed first if necessary. */
  async #fixAll(uri: string, signal: AbortSignal): Promise<CodeAction[]> {
    const version = this.#host.documents.versionOf(uri);
    if (!(await this.#analyse(uri, signal))) return [];
    const found = this.#host.workspace()?.issuesOf(uri) ?? [];
    const texts = await this.#textsFor(found);
    if (this.#host.documents.versionOf(uri) !== version) return [];
    const current = found.filter(({ root, issue }) => isFor(root, issue, texts)).map(({ issue }) => issue);
    const action = fixAllOf(this.#targetOf({ uri, version: version ?? null }), current);
    return action === undefined ? [] : [action];
  }

  /** @returns false: `signal` aborted first */
  async #analyse(uri: string, signal: AbortSignal): Promise<boolean> {
    this.#host.analyseNow(uri);
    return (await this.#host.workspace()?.upToDate(uri, signal)) === true;
  }

  /** Of each file that the fixes edit, by its absolute path. */
  async #textsFor(found: readonly FoundIssue[]): Promise<ReadonlyMap<string, PresentText>> {
    const files = new Map<string, string>();
    for (const { root, issue } of found) {
      for (const file of Object.keys(issue.fixedTexts ?? {})) {
        const absolute = path.resolve(root, file);
        files.set(absolute, this.#host.documents.uriOf(absolute));
      }
    }
    const closed = new Map<string, string>();
    for (const absolute of files.keys()) {
      if (this.#host.documents.at(absolute)) continue;
      const text = await readText(absolute).catch(() => undefined);
      if (text !== undefined) closed.set(absolute, text);
    }
    // Nothing is awaited from here on, so the documents cannot change before the answer is complete.
    const texts = new Map<string, PresentText>();
    for (const [absolute, uri] of files) {
      const document = this.#host.documents.at(absolute);
      const text = document?.getText() ?? closed.get(absolute);
      if (text === undefined) continue;
      texts.set(absolute, { uri: document?.uri ?? uri, version: document?.version ?? null, hash: textHash(text) });
    }
    return texts;
  }

  /** Where the fixes of an issue go; undefined: they are for another text than the present one. */
  #targets(found: FoundIssue, texts: ReadonlyMap<string, PresentText>): ((file: string) => EditTarget) | undefined {
    const { root, issue } = found;
    if (!isFor(root, issue, texts)) return undefined;
    return (file) => {
      const absolute = path.resolve(root, file);
      return this.#targetOf(texts.get(absolute) ?? { uri: this.#host.documents.uriOf(absolute), version: null });
    };
  }

  #targetOf({ uri, version }: { readonly uri: string; readonly version: number | null }): EditTarget {
    return { uri, version: this.#host.canCheckVersions() ? version : undefined };
  }
}

/** Whether each text that the fixes of the issue edit is the one that they were computed for. */
function isFor(root: string, { fixes, fixedTexts = {} }: Issue, texts: ReadonlyMap<string, PresentText>): boolean {
  if (fixes === undefined) return true;
  const entries = Object.entries(fixedTexts);
  return entries.length > 0 && entries.every(([file, hash]) => texts.get(path.resolve(root, file))?.hash === hash);
}
