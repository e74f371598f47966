/** Converts knip's issues to findings with a range. Pure. */
import { findNodeAtLocation, parseTree } from 'jsonc-parser';
import { lineTableOf, offsetAt, rangeAt } from '../../graph/lines.ts';
import { isRecord } from '../../graph/manifests.ts';
import type { DetectorOptions, Finding, Range, Severity } from '../../protocol/detector-protocol.ts';
import { fixesOf } from './fixes.ts';
import type { KnipIssue, KnipPosition } from './report.ts';

/** Findings by file, sorted. */
export function findingsOf(
  answers: readonly KnipIssue[],
  options: DetectorOptions,
  textOf: (file: string) => string,
): ReadonlyMap<string, readonly Finding[]> {
  const byFile = new Map<string, Finding[]>();
  const sorted = answers.toSorted((one, other) => (one.file < other.file ? -1 : one.file > other.file ? 1 : 0));
  for (const answer of sorted) {
    const severity = severityOf(options, answer.type);
    if (severity === undefined) continue;
    const finding = findingOf(answer, severity, textOf(answer.file));
    const list = byFile.get(answer.file);
    if (list) list.push(finding);
    else byFile.set(answer.file, [finding]);
  }
  return byFile;
}

function findingOf(answer: KnipIssue, severity: Severity, text: string): Finding {
  const { type, file, group = [] } = answer;
  const isUnused = UNUSED.has(type);
  const range = rangeOf(answer, text);
  const fixes = fixesOf(answer, text, offsetAt(lineTableOf(text), range.start));
  return {
    rule: type,
    severity,
    message: messageOf(answer),
    range,
    url: 'https://knip.dev/reference/issue-types',
    ...(isUnused ? { tags: ['unnecessary'] as const } : {}),
    ...(fixes.length === 0 ? {} : { fixes }),
    ...(group.length > 1
      ? {
          related: group
            .slice(1)
            .flatMap(({ name, position }) =>
              position ? [{ file, range: placed(text, name, position), message: name }] : [],
            ),
        }
      : {}),
  };
}

/** A plain sentence; the rule is knip's own term. */
function messageOf({ type, name, parent, group = [] }: KnipIssue): string {
  const whose = parent === undefined ? `'${name}'` : `'${parent}.${name}'`;
  switch (type) {
    case 'files':
      return 'No entry file of knip reaches this file. Remove it, or add it to "entry" in the knip configuration.';
    case 'dependencies':
      return `Nothing uses the dependency '${name}'.`;
    case 'devDependencies':
      return `Nothing uses the devDependency '${name}'.`;
    case 'optionalPeerDependencies':
      return `'${name}' is used, but declared only as an optional peer dependency.`;
    case 'unlisted':
      return `'${name}' is used here, but no package.json declares it.`;
    case 'binaries':
      return `'${name}' is run, but no declared dependency provides it.`;
    case 'unresolved':
      return `Cannot resolve '${name}'.`;
    case 'exports':
    case 'nsExports':
      return `Nothing imports '${name}'.`;
    case 'types':
    case 'nsTypes':
      return `Nothing imports the type '${name}'.`;
    case 'enumMembers':
    case 'classMembers':
    case 'namespaceMembers':
      return `Nothing uses ${whose}.`;
    case 'duplicates':
      return `${group.map((one) => `'${one.name}'`).join(', ')} export the same thing.`;
    case 'catalog':
      return `No package uses '${name}' from the ${parent ?? 'default'} catalog.`;
    case 'catalogReferences':
      return `The ${parent ?? 'default'} catalog has no entry for '${name}'.`;
    case 'cycles':
      return `Import cycle: ${group.map((one) => one.name).join(' → ')}.`;
    default:
      return `${type}: ${whose}.`;
  }
}

const UNUSED: ReadonlySet<string> = new Set([
  'files', 'dependencies', 'devDependencies', 'exports', 'nsExports', 'types', 'nsTypes', 'enumMembers', 'classMembers',
  'namespaceMembers', 'catalog',
]); // prettier-ignore

const START: Range = { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } };

function rangeOf(answer: KnipIssue, text: string): Range {
  const { type, name, file, position } = answer;
  if (type === 'files') return START;
  const inManifest = /(^|\/)package\.json$/.test(file) ? entryOf(answer, text) : undefined;
  if (inManifest) return inManifest;
  if (position) return placed(text, name, position);
  // knip 5 may not tell the position of an import.
  const quoted = ["'", '"', '`'].map((quote) => text.indexOf(quote + name)).filter((at) => at >= 0);
  const at = quoted.length > 0 ? Math.min(...quoted) + 1 : text.indexOf(name);
  return at < 0 ? START : rangeAt(lineTableOf(text), at, at + name.length);
}

/** The entry that declares a dependency, or the script that runs a program. */
function entryOf({ type, name }: KnipIssue, text: string): Range | undefined {
  const tree = parseTree(text);
  if (!tree) return undefined;
  const range = (where: readonly string[]): Range | undefined => {
    const entry = findNodeAtLocation(tree, [...where])?.parent;
    return entry && rangeAt(lineTableOf(text), entry.offset, entry.offset + entry.length);
  };
  if (type === 'binaries') {
    const scripts = findNodeAtLocation(tree, ['scripts'])?.children ?? [];
    const calls = scripts.find(({ children: [, value] = [] }) =>
      typeof value?.value === 'string' && value.value.split(/[\s&|;"'()/]+/).includes(name),
    ); // prettier-ignore
    return calls && rangeAt(lineTableOf(text), calls.offset, calls.offset + calls.length);
  }
  const sections = type === 'devDependencies' ? ['devDependencies'] : ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies']; // prettier-ignore
  const [section] = (type === 'optionalPeerDependencies' ? ['peerDependencies'] : sections).filter((one) => range([one, name]) !== undefined); // prettier-ignore
  return section === undefined ? undefined : range([section, name]);
}

/** The range of the name; knip may point at the white space or the quote before it. */
function placed(text: string, name: string, { line, character, offset }: KnipPosition): Range {
  const at = offset !== undefined && offset <= text.length ? offset : undefined;
  if (at === undefined) {
    const start = { line: Math.max(0, line), character: Math.max(0, character) };
    return { start, end: { line: start.line, character: start.character + name.length } };
  }
  const start = wordAt(text, at, name);
  const isQuoted = start > 0 && /['"`]/.test(text[start - 1] ?? '');
  const rest = text.slice(start, start + NEAR);
  const word = isQuoted ? /^[^'"`\n]*/.exec(rest)?.[0] : rest.startsWith(name) ? name : /^[\w$]*/.exec(rest)?.[0];
  return rangeAt(lineTableOf(text), start, start + Math.max(1, word?.length ?? 0));
}

/** knip 5 points at the start of a statement, or at the end of the previous one. */
function wordAt(text: string, at: number, name: string): number {
  const rest = text.slice(at, at + NEAR);
  const start = at + (/^[\s'"`]*/.exec(rest)?.[0].length ?? 0);
  if (text.startsWith(name, start) || !/^[\w$]+$/.test(name) || name === 'default') return start;
  const named = new RegExp(`(?<![\\w$])${name.replaceAll('$', '\\$')}(?![\\w$])`).exec(rest);
  return named ? at + named.index : start;
}

const NEAR = 300;

/** The severity in the options, `warning` by default; undefined: off. */
function severityOf({ rules }: DetectorOptions, type: string): Severity | undefined {
  const chosen = isRecord(rules) && Object.hasOwn(rules, type) ? rules[type] : undefined;
  switch (chosen) {
    case 'error':
    case 'warning':
    case 'info':
    case 'hint':
      return chosen;
    case 'off':
      return undefined;
    default:
      return 'warning';
  }
}
