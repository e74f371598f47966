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
  type WorkspaceEdit,
} from 'vscode-languageserver/node';
import type { Issue } from '../../workers/protocol/detector-protocol.ts';
import { textHash } from '../../workers/protocol/fingerprint.ts';
import { readText } from '../../workers/protocol/read-file.ts';
import { safeEditsOf } from '../fixes.ts';
import { suppressionsFileFor, withSuppression } from './bulk-suppressions.ts';
import type { ClientAbilities } from './client-abilities.ts';
import {
  codeActionsOf,
  confirmed,
  fixAllKind,
  fixAllOf,
  fixRuleOf,
  isRequested,
  reasonEdit,
  workspaceEdit,
  type EditTarget,
  type FoundIssue,
} from './code-actions.ts';
import type { Documents } from './documents.ts';
import { issueActionsOf, type ActionContext, type ActionData } from './issue-actions.ts';
import type { Workspace } from './workspace.ts';

/** A menu of quick fixes does not wait longer for an analysis. */
const menuWaitMs = 2_000;

export interface CodeActionHost {
  readonly documents: Documents;
  workspace(): Workspace | undefined;
  abilities(): ClientAbilities;
  /** Issues can be added to the baseline. */
  hasBaseline(): boolean;
  /** Code of the workspace may run. */
  trusted(): boolean;
  /** The editor has Bulkhead's settings in a view of its own, which it can open. */
  opensSettings(): boolean;
  /** The text is analysed while the user types. */
  followsTyping(): boolean;
  /** Starts to analyse the present text of a document at once. */
  analyseNow(uri: string): void;
  /** Says something to the person. */
  tell(message: string): void;
}

type SuppressData = Extract<ActionData, { readonly kind: 'suppress' }>;
type BulkSuppressData = Extract<ActionData, { readonly kind: 'bulkSuppress' }>;
type FixRuleData = Extract<ActionData, { readonly kind: 'fixRule' }>;

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
    let alike = this.#alike(uri, found);
    let texts = await this.#textsFor([...found.map(([, each]) => each), ...alike]);
    const isOutdated = found.some(([, { root, issue }]) => !isFor(root, issue, texts));
    const isWanted = this.#host.followsTyping() || context.triggerKind !== CodeActionTriggerKind.Automatic;
    if (isOutdated && isWanted) {
      await this.#analyse(uri, AbortSignal.any([signal, AbortSignal.timeout(menuWaitMs)]));
      found = find();
      alike = this.#alike(uri, found);
      texts = await this.#textsFor([...found.map(([, each]) => each), ...alike]);
    }
    const current = alike.filter(({ root, issue }) => isFor(root, issue, texts)).map(({ issue }) => issue);
    const present = this.#targetOf({ uri, version: this.#host.documents.versionOf(uri) ?? null });
    const actions = found.flatMap(([diagnostic, each]) => [
      ...codeActionsOf(each, diagnostic, this.#targets(each, texts), this.#host.opensSettings()),
      ...listOf(fixRuleOf(present, each.issue, current, diagnostic)),
      ...issueActionsOf(each, diagnostic, this.#context(uri)),
    ]);
    if (this.#host.abilities().resolvesEdits) return actions;
    const complete = await Promise.all(actions.map((action) => this.#withEdit(action, signal)));
    return complete.filter(({ edit, command }) => edit !== undefined || command !== undefined);
  }

  /** Issues of the file that have a safe fix and break the rule of one of those found. */
  #alike(uri: string, found: readonly (readonly [Diagnostic, FoundIssue])[]): readonly FoundIssue[] {
    const rules = new Set(found.map(([, { issue }]) => `${issue.detector}/${issue.rule}`));
    const all = this.#host.workspace()?.issuesOf(uri) ?? [];
    return all.filter(({ issue }) => issue.fixable && rules.has(`${issue.detector}/${issue.rule}`));
  }

  /** Computes the edit of an action that the person chose. */
  async resolve(action: CodeAction, signal: AbortSignal): Promise<CodeAction> {
    const resolved = await this.#withEdit(action, signal);
    if (resolved.edit === undefined && resolved.command === undefined && !signal.aborted) {
      this.#host.tell(`"${action.title}" is not possible here: the text has changed, or a comment cannot stand there.`);
    }
    return resolved;
  }

  async #withEdit(action: CodeAction, signal: AbortSignal): Promise<CodeAction> {
    const data = action.data as ActionData | undefined;
    if (data === undefined) return action;
    const edit = await this.#editFor(data, signal);
    return edit === undefined ? action : { ...action, edit };
  }

  #editFor(data: ActionData, signal: AbortSignal): Promise<WorkspaceEdit | undefined> {
    switch (data.kind) {
      case 'suppress':
        return this.#suppression(data, signal);
      case 'bulkSuppress':
        return this.#bulkSuppression(data);
      case 'fixRule':
        return this.#fixesOfRule(data);
    }
  }

  async #bulkSuppression({ uri, fingerprint }: BulkSuppressData): Promise<WorkspaceEdit | undefined> {
    const all = this.#host.workspace()?.issuesOf(uri) ?? [];
    const found = all.find(({ issue }) => issue.fingerprint === fingerprint);
    const file = found && suppressionsFileFor(found.root, found.issue.file);
    if (found === undefined || file === undefined) return undefined;
    const { rule } = found.issue;
    const errors = all.filter(({ root, issue }) => root === found.root && issue.detector === 'eslint' && issue.rule === rule && issue.severity === 'error'); // prettier-ignore
    const document = this.#host.documents.at(file);
    const text = document?.getText() ?? (await readText(file).catch(() => undefined));
    const suppressed = path.relative(path.dirname(file), path.resolve(found.root, found.issue.file)).split(path.sep).join('/'); // prettier-ignore
    const newText = text === undefined ? undefined : withSuppression(text, suppressed, rule, errors.length);
    if (text === undefined || newText === undefined) return undefined;
    const target = this.#targetOf({
      uri: document?.uri ?? this.#host.documents.uriOf(file),
      version: document?.version ?? null,
    });
    const end = { line: text.split('\n').length, character: 0 };
    return workspaceEdit([[target, [{ range: { start: { line: 0, character: 0 }, end }, newText }]]]);
  }

  async #suppression(
    { uri, fingerprint, scope, withReason }: SuppressData,
    signal: AbortSignal,
  ): Promise<WorkspaceEdit | undefined> {
    const workspace = this.#host.workspace();
    const found = workspace?.issuesOf(uri).find(({ issue }) => issue.fingerprint === fingerprint);
    if (workspace === undefined || found === undefined) return undefined;
    const absolute = path.resolve(found.root, found.issue.file);
    const document = this.#host.documents.at(absolute);
    const target = this.#targetOf({ uri: document?.uri ?? uri, version: document?.version ?? null });
    const text = document?.getText() ?? (await readText(absolute).catch(() => undefined));
    if (text === undefined) return undefined;
    const edit = await workspace.suppressionOf(found, { text, scope, withReason }, signal).catch(() => undefined);
    if (edit === undefined) return undefined;
    const { range, newText } = edit;
    return (withReason ? reasonEdit(target, { range, newText }) : undefined) ?? workspaceEdit([[target, [{ range, newText }]]]); // prettier-ignore
  }

  /** In all files whose present text is the one that the fixes are for. */
  async #fixesOfRule({ detector, rule }: FixRuleData): Promise<WorkspaceEdit | undefined> {
    const all = this.#host.workspace()?.fixableIssues(detector, rule) ?? [];
    const texts = await this.#textsFor(all);
    const current = all.filter(({ root, issue }) => isFor(root, issue, texts));
    const byFile = Map.groupBy(current, ({ root, issue }) => path.resolve(root, issue.file));
    const changes = [...byFile].flatMap(([absolute, found]) => {
      const text = texts.get(absolute);
      const edits = safeEditsOf(found.map(({ issue }) => issue));
      return text === undefined || edits.length === 0 ? [] : [{ uri: text.uri, version: text.version, edits }];
    });
    return changes.length === 0 ? undefined : confirmed(`Fix ${rule}`, changes);
  }

  #context(uri: string): ActionContext {
    return {
      uri,
      abilities: this.#host.abilities(),
      hasBaseline: this.#host.hasBaseline(),
      trusted: this.#host.trusted(),
    };
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
    return { uri, version: this.#host.abilities().checksVersions ? version : undefined };
  }
}

/** Whether each text that the fixes of the issue edit is the one that they were computed for. */
function isFor(root: string, { fixes, fixedTexts = {} }: Issue, texts: ReadonlyMap<string, PresentText>): boolean {
  if (fixes === undefined) return true;
  const entries = Object.entries(fixedTexts);
  return entries.length > 0 && entries.every(([file, hash]) => texts.get(path.resolve(root, file))?.hash === hash);
}

function listOf<Value>(value: Value | undefined): readonly Value[] {
  return value === undefined ? [] : [value];
}
