/** Code actions besides the fixes of a detector: what else a person can do about an issue. Reads nothing but whether files exist. */
import { CodeActionKind, type CodeAction, type Diagnostic } from 'vscode-languageserver/node';
import { manifestOf } from '../../workers/detectors/manifests.ts';
import type { Issue } from '../../workers/protocol/detector-protocol.ts';
import { actionCommands } from '../../workers/protocol/issue-requests.ts';
import { ownName } from '../configuration/read.ts';
import { suppressionsFileFor } from './bulk-suppressions.ts';
import type { ClientAbilities } from './client-abilities.ts';
import { confirmed, type FoundIssue } from './code-actions.ts';
import { installationFor } from './installs.ts';
import { pageOf } from '../rule-pages.ts';

/** Executed by the server. Arguments: the URI of the file and the fingerprint of the issue. */
export const acceptCommand = 'bulkhead.server.addToBaseline';
/** Executed by the server. Argument: the address of the page. */
export const openPageCommand = 'bulkhead.server.openPage';
/** Executed by the server. No arguments. */
export const analyzeCommand = 'bulkhead.server.analyze';

/** Commands that a client may have. */
const [installCommand, openPageInClient, showOutputCommand] = actionCommands;

/** What the edit of an action is computed from, when the action is chosen. */
export type ActionData =
  | {
      readonly kind: 'suppress';
      readonly uri: string;
      readonly fingerprint: string;
      readonly scope: 'line' | 'file';
      /** The person writes why. */
      readonly withReason: boolean;
    }
  /** In `eslint-suppressions.json`. */
  | { readonly kind: 'bulkSuppress'; readonly uri: string; readonly fingerprint: string }
  | { readonly kind: 'fixRule'; readonly detector: string; readonly rule: string };

export interface ActionContext {
  /** Of the file of the issue. */
  readonly uri: string;
  readonly abilities: ClientAbilities;
  /** Issues can be added to the baseline: it is in force. */
  readonly hasBaseline: boolean;
  /** Code of the workspace may run. */
  readonly trusted: boolean;
}

/** About the work of Bulkhead or of a tool, not about code. */
const aboutWork: ReadonlySet<string> = new Set(['config-error', 'tool-missing', 'tool-error', 'unreadable', 'invalid-result', 'rule-error', 'quarantined']); // prettier-ignore

export function issueActionsOf(
  { root, issue }: FoundIssue,
  diagnostic: Diagnostic,
  context: ActionContext,
): readonly CodeAction[] {
  const { uri, abilities, hasBaseline, trusted } = context;
  const actions: CodeAction[] = [];
  const add = (title: string, rest: Partial<CodeAction>): void => {
    actions.push({ title, kind: CodeActionKind.QuickFix, diagnostics: [diagnostic], ...rest });
  };
  const command = (title: string, name: string, ...args: unknown[]): void => {
    add(title, { command: { title, command: name, arguments: args } });
  };
  const isAboutWork = aboutWork.has(issue.rule) || issue.detector === ownName;

  const installation = trusted && abilities.commands.has(installCommand) ? installationFor(root, issue) : undefined;
  if (installation) command(`Install it: ${installation.command}`, installCommand, installation);
  if (issue.detector === 'knip' && issue.rule === 'files' && abilities.deletesFiles && abilities.previews) {
    add('Delete this file', { edit: confirmed('Delete', [{ kind: 'delete', uri }]) });
  }
  if (issue.fixes?.some(({ kind }) => kind === 'fix') === true && abilities.previews) {
    const { detector, rule } = issue;
    add(`Fix all ${rule} problems in the workspace…`, {
      data: { kind: 'fixRule', detector, rule } satisfies ActionData,
    });
  }
  if (isSuppressible(issue)) {
    const data = { kind: 'suppress', uri, fingerprint: issue.fingerprint } as const;
    const suppress = (title: string, scope: 'line' | 'file', withReason: boolean): void =>
      add(title, { data: { ...data, scope, withReason } satisfies ActionData });
    const titles = suppressionTitles(issue);
    suppress(titles.line, 'line', false);
    if (abilities.fillsIn) suppress(`${titles.line}, with a reason`, 'line', true);
    suppress(titles.file, 'file', false);
    if (
      issue.detector === 'eslint' &&
      issue.severity === 'error' &&
      suppressionsFileFor(root, issue.file) !== undefined
    ) {
      const data: ActionData = { kind: 'bulkSuppress', uri, fingerprint: issue.fingerprint };
      add(`Suppress all ${issue.rule} errors of this file in eslint-suppressions.json`, { data });
    }
  }
  if (hasBaseline && !isAboutWork) command('Add to the baseline', acceptCommand, uri, issue.fingerprint);
  const page = issue.url ?? pageOf(issue.detector, issue.rule);
  if (page !== undefined) {
    const name = abilities.commands.has(openPageInClient) ? openPageInClient : openPageCommand;
    command(`Explain ${issue.rule}`, name, page);
  }
  if (isAboutWork && issue.rule !== 'quarantined') command('Analyse again', analyzeCommand);
  if (isAboutWork && abilities.commands.has(showOutputCommand)) command('Show the output', showOutputCommand);
  return actions;
}

function suppressionTitles({ detector, rule }: Issue): { readonly line: string; readonly file: string } {
  return detector === 'typescript'
    ? { line: 'Expect this error (@ts-expect-error)', file: 'Do not check the types of this file (@ts-nocheck)' }
    : { line: `Disable ${rule} for this line`, file: `Disable ${rule} for the entire file` };
}

const scripts = /\.(?:[cm]?[jt]sx?|vue|svelte|astro)$/;
const otherLintedFiles = /\.(?:css|jsonc|json5|md)$/;
/** ESLint's own, which no comment disables. */
const unsuppressible: ReadonlySet<string> = new Set([
  'parse-error',
  'directive',
  'unused-directive',
  'unused-suppression',
]);

/** Whether a comment in the file can suppress it. */
function isSuppressible({ detector, rule, file }: Issue): boolean {
  if (aboutWork.has(rule) || unsuppressible.has(rule)) return false;
  switch (detector) {
    case ownName:
      return false;
    case 'eslint':
      // What follows the name of a rule in a comment is reported as a part of it: there is no such rule.
      if (/\s/.test(rule)) return false;
      return scripts.test(file) || otherLintedFiles.test(file);
    case 'typescript':
      // Below are errors of syntax.
      return scripts.test(file) && Number(/^TS(\d+)$/.exec(rule)?.[1]) >= 2000;
    default:
      // Tools with processes of their own do not know our comments.
      return manifestOf(detector)?.kind !== 'external' && scripts.test(file);
  }
}
