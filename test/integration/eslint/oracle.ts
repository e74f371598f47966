/**
 * The oracle of the `eslint` detector: the same ESLint's own command line, `eslint . -f json`, and the comparison of
 * the two as sets of files and of messages. Nothing here is kept.
 */
import { spawn } from 'node:child_process';
import { readFileSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { TextDocument } from 'vscode-languageserver-textdocument';
import type { Fix, Issue, Position, Unit } from '../../../workers/protocol/detector-protocol.ts';

interface OracleFix {
  readonly range: readonly [number, number];
  readonly text: string;
}

export interface OracleMessage {
  readonly ruleId: string | null;
  readonly severity: number;
  readonly fatal?: boolean;
  readonly message: string;
  readonly line?: number;
  readonly column?: number;
  readonly endLine?: number | null;
  readonly endColumn?: number | null;
  readonly fix?: OracleFix;
  readonly suggestions?: readonly { readonly desc: string; readonly fix: OracleFix }[];
}

export interface OracleResult {
  /** Relative to the workspace, with forward slashes. */
  readonly file: string;
  readonly messages: readonly OracleMessage[];
  /** With `--fix-dry-run`: the fixed text, if there was anything to fix. */
  readonly output?: string;
}

export interface OracleRun {
  readonly results: readonly OracleResult[];
  /** Of the process; 2 means that ESLint gave up and there are no results. */
  readonly exitCode: number | null;
  readonly stderr: string;
  readonly durationMs: number;
}

/**
 * Runs `eslint . -f json` with the ESLint a folder resolves to.
 * @param workspace absolute; files are told relative to it
 * @param folder where to run, relative to the workspace
 * @param patterns files and folders to lint, relative to that folder
 */
export async function runEslint(
  workspace: string,
  folder = '.',
  args: readonly string[] = [],
  env: NodeJS.ProcessEnv = {},
  patterns: readonly string[] = ['.'],
): Promise<OracleRun> {
  const root = realpathSync(workspace);
  const cwd = path.join(root, folder);
  const manifest = createRequire(path.join(cwd, 'package.json')).resolve('eslint/package.json');
  const program = path.join(path.dirname(manifest), 'bin', 'eslint.js');
  const start = performance.now();
  const { stdout, stderr, exitCode } = await run([program, '-f', 'json', ...args, ...patterns], cwd, env);
  const durationMs = performance.now() - start;
  const parsed = stdout.trimStart().startsWith('[')
    ? (JSON.parse(stdout) as { filePath: string; messages: OracleMessage[]; output?: string }[])
    : [];
  const results = parsed.map(({ filePath, messages, output }) => ({
    file: path.relative(root, filePath).split(path.sep).join('/'),
    messages,
    ...(output === undefined ? {} : { output }),
  }));
  return { results, exitCode, stderr, durationMs };
}

export interface Comparison {
  readonly files: number;
  readonly messages: number;
  /** One line each; empty when detector and command line agree. */
  readonly differences: readonly string[];
}

/** Compares what the detector planned and found with what the command line linted and found. */
export function compare(
  workspace: string,
  units: readonly Unit[],
  issues: readonly Issue[],
  oracle: readonly OracleResult[],
): Comparison {
  const differences: string[] = [];
  differences.push(
    ...setDifference(
      units.map((unit) => `file ${unit.file}`),
      oracle.map((result) => `file ${result.file}`),
    ),
  );
  const ours = Map.groupBy(issues, (issue) => issue.file);
  let messages = 0;
  for (const { file, messages: theirs } of oracle) {
    messages += theirs.length;
    const text = readFileSync(path.join(workspace, file), 'utf8').replace(/^\uFEFF/, '');
    const document = TextDocument.create('', '', 0, text);
    differences.push(
      ...setDifference(
        (ours.get(file) ?? []).map((issue) => describeIssue(issue, document)),
        theirs.map((message) => describeMessage(message, file, document)),
      ),
    );
    ours.delete(file);
  }
  for (const [file, extra] of ours) differences.push(`only detector: ${extra.length} issues in ${file}`);
  return { files: oracle.length, messages, differences };
}

/** Findings without a rule of ESLint have one of ours. */
const OWN_RULES = new Set(['parse-error', 'unused-directive', 'directive']);

function describeIssue(issue: Issue, document: TextDocument): string {
  const fix = issue.fixes?.find(({ kind }) => kind === 'fix');
  const suggestions = issue.fixes?.filter(({ kind }) => kind === 'suggestion') ?? [];
  return JSON.stringify({
    file: issue.file,
    rule: OWN_RULES.has(issue.rule) ? null : issue.rule,
    fatal: issue.rule === 'parse-error',
    severity: issue.severity,
    message: issue.message,
    range: issue.range,
    fix: fix ? ourEdit(fix, document) : null,
    suggestions: suggestions.map((suggestion) => [suggestion.title, ourEdit(suggestion, document)]),
  });
}

function describeMessage(message: OracleMessage, file: string, document: TextDocument): string {
  const { line, column, endLine, endColumn } = message;
  const text = document.getText();
  const start = positionIn(document, line, column);
  const end =
    typeof endLine === 'number' && typeof endColumn === 'number'
      ? positionIn(document, endLine, endColumn)
      : ownEnd(document, start);
  return JSON.stringify({
    file,
    rule: message.fatal === true ? null : message.ruleId,
    fatal: message.fatal === true,
    severity: message.severity === 2 ? 'error' : 'warning',
    message: message.message,
    range: { start, end: isBefore(end, start) ? start : end },
    fix: message.fix && message.fix.range[0] >= 0 ? theirEdit(message.fix, text) : null,
    suggestions: (message.suggestions ?? [])
      .filter(({ fix }) => fix.range[0] >= 0)
      .map(({ desc, fix }) => [desc, theirEdit(fix, text)]),
  });
}

/** What an edit really does: where, what goes, what comes, without what both have at their ends. */
function effectOf(text: string, from: number, to: number, inserted: string): readonly [number, string, string] {
  let gone = text.slice(from, to);
  let start = from;
  while (gone !== '' && gone.at(-1) === inserted.at(-1)) {
    gone = gone.slice(0, -1);
    inserted = inserted.slice(0, -1);
  }
  while (gone !== '' && gone[0] === inserted[0]) {
    gone = gone.slice(1);
    inserted = inserted.slice(1);
    start += 1;
  }
  return [start, gone, inserted];
}

function ourEdit(fix: Fix, document: TextDocument): unknown {
  const [edit] = fix.edits;
  if (!edit) return undefined;
  const { start, end } = edit.range;
  return effectOf(document.getText(), document.offsetAt(start), document.offsetAt(end), edit.newText);
}

function theirEdit({ range: [from, to], text: inserted }: OracleFix, text: string): unknown {
  return effectOf(text, from, to, inserted);
}

/** ESLint's lines also end at U+2028 and U+2029, LSP's do not. */
function positionIn(document: TextDocument, line = 1, column = 1): Position {
  const text = document.getText();
  const character = Math.max(0, column - 1);
  if (!/[\u2028\u2029]/.test(text)) return { line: Math.max(0, line - 1), character };
  let lineStart = 0;
  for (const lineEnd of [...text.matchAll(/\r\n|[\r\n\u2028\u2029]/g)].slice(0, line - 1)) {
    lineStart = lineEnd.index + lineEnd[0].length;
  }
  return document.positionAt(lineStart + character);
}

function isBefore(a: Position, b: Position): boolean {
  return a.line < b.line || (a.line === b.line && a.character < b.character);
}

/** The detector's choice where ESLint gives no end: the word, the rest of the line of a comment, or a character. */
function ownEnd(document: TextDocument, { line, character }: Position): Position {
  const [rest = ''] = document
    .getText()
    .slice(document.offsetAt({ line, character }))
    .split(/[\r\n\u2028\u2029]/);
  const [word = ''] = /^[\p{L}\p{N}_$]+/u.exec(rest) ?? [];
  const [first = ''] = rest;
  const length = word.length || (/^\/[/*]/.test(rest) ? rest.length : first.length);
  return { line, character: character + length };
}

function setDifference(ours: readonly string[], theirs: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const line of theirs) counts.set(line, (counts.get(line) ?? 0) + 1);
  for (const line of ours) counts.set(line, (counts.get(line) ?? 0) - 1);
  return [...counts].flatMap(([line, count]) =>
    count === 0 ? [] : [`${count > 0 ? 'only command line' : 'only detector'}: ${line}`],
  );
}

function run(
  args: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv,
): Promise<{ stdout: string; stderr: string; exitCode: number | null }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
    child.on('error', reject);
    child.on('close', (exitCode) => {
      resolve({ stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString(), exitCode });
    });
  });
}
