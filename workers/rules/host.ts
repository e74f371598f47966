/**
 * The host of the rules of code. All detectors whose rules it runs share one parse and one analysis of names per file:
 * whichever of them is asked for a file first, the rules of the others run too, and what they find waits until those
 * are asked. Findings wait in memory, in a worker that serves one folder; trees do not.
 */
import { hash } from 'node:crypto';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { commentStarts } from '../graph/record.ts';
import type { Detector } from '../protocol/detector.ts';
import type { DetectorOptions, Finding, Range } from '../protocol/detector-protocol.ts';
import { defaultSeverities, type DetectorManifest, type ManifestWithRules } from '../protocol/manifest.ts';
import { fileDetector, type CheckedFile, type RuleFinding } from '../runtime/file-detector.ts';
import { severitiesOf } from '../runtime/rule-options.ts';
import { hasSuppressions } from '../runtime/suppression.ts';
import type { Found, Rule, Span } from './rule.ts';
import { SourceFile, TooSlow } from './source-file.ts';
import type { Node } from './tree.ts';

/** Milliseconds for all rules on one file. */
const TIME_PER_FILE = 2000;
/** Files whose findings wait. */
const MAXIMUM_WAITING = 20_000;

type AnyFinding = RuleFinding<string>;

/** A detector with the options that it was last asked with. */
interface Participant {
  readonly name: string;
  readonly rules: readonly Rule[];
  readonly enabled: readonly Rule[];
  readonly options: DetectorOptions;
  /** Of the options: findings with others are of no use. */
  readonly key: string;
}

interface Waiting {
  readonly text: string;
  /** By detector. */
  readonly findings: Map<string, { readonly key: string; readonly found: readonly AnyFinding[] }>;
}

/** By root, then by name of the detector. */
const participants = new Map<string, Map<string, Participant>>();
const waiting = new Map<string, Waiting>();

export function ruleDetector<Name extends string>(
  manifest: DetectorManifest & ManifestWithRules<Name>,
  rules: readonly Rule[],
  version: string,
): Detector {
  const { name } = manifest;
  const defaults = defaultSeverities<string>(manifest);
  const join = (root: string, options: DetectorOptions): Participant => {
    const key = JSON.stringify(options);
    const others = participants.get(root) ?? new Map<string, Participant>();
    participants.set(root, others);
    const known = others.get(name);
    if (known?.key === key) return known;
    const severities = severitiesOf(options, defaults);
    const enabled = rules.filter(({ meta }) => severities[meta.name] !== 'off');
    const participant: Participant = { name, rules, enabled, options, key };
    others.set(name, participant);
    return participant;
  };
  const inner = fileDetector<string>({
    manifest: manifest,
    version,
    check: (checked) => findingsOf(checked, join(checked.root, checked.options)),
    commentsOf: (file, text) => {
      const starts = hasSuppressions(text) ? commentStarts(file, text) : undefined;
      return starts && ((offset) => starts.has(offset));
    },
    isTold: (root, file) => isTold(root, name, file),
  });
  return {
    ...inner,
    plan: (request, context) => {
      join(request.root, request.options);
      return inner.plan(request, context);
    },
  };
}

function findingsOf({ root, file, text, problem }: CheckedFile, asking: Participant): readonly AnyFinding[] {
  const place = `${root}\n${file}`;
  const mark = text.length > 200 ? hash('sha1', text, 'base64') : text;
  let entry = waiting.get(place);
  if (entry?.text === mark) {
    const own = entry.findings.get(asking.name);
    if (own?.key === asking.key) {
      entry.findings.delete(asking.name);
      if (entry.findings.size === 0) waiting.delete(place);
      return own.found;
    }
  }
  const all = [...(participants.get(root)?.values() ?? [])];
  // Those whose findings wait already, or were taken, need not run again.
  const isNew = entry?.text !== mark;
  const running = isNew ? all : [asking];
  const found = analyse(file, text, running, () => {
    const message = `The rules of ${running.map(({ name }) => `'${name}'`).join(', ')} needed too long in ${file}, so they may have missed something. Divide the file, or exclude it.`;
    problem({ code: 'TOOL_ERROR', message, file, fatal: false });
  });
  if (isNew) {
    waiting.delete(place);
    entry = { text: mark, findings: new Map() };
    for (const { name, key } of all) {
      if (name !== asking.name) entry.findings.set(name, { key, found: found.get(name) ?? [] });
    }
    if (entry.findings.size > 0) waiting.set(place, entry);
    for (const [oldest] of waiting) {
      if (waiting.size <= MAXIMUM_WAITING) break;
      waiting.delete(oldest);
    }
  }
  return found.get(asking.name) ?? [];
}

/** Runs rules on a text. By detector: what they found, by place. */
export function analyse(
  file: string,
  text: string,
  running: readonly Pick<Participant, 'name' | 'enabled' | 'options'>[],
  onTooSlow: () => void = () => {},
): ReadonlyMap<string, readonly AnyFinding[]> {
  const results = new Map<string, AnyFinding[]>();
  if (running.every(({ enabled }) => enabled.length === 0)) return results;
  try {
    const source = SourceFile.parse(file, text, performance.now() + TIME_PER_FILE);
    if (source === undefined) return results;
    const document = TextDocument.create('', '', 0, text);
    const range = ({ start, end }: Node | Span): Range => ({
      start: document.positionAt(start),
      end: document.positionAt(end),
    });
    for (const { name, enabled, options } of running) {
      const found: AnyFinding[] = [];
      for (const rule of enabled) {
        for (const one of rule.check(source, options)) found.push(findingOf(rule, one, file, range));
      }
      found.sort((one, other) => compare(one.range, other.range));
      results.set(name, found);
    }
    if (source.isIncomplete) onTooSlow();
  } catch (error) {
    if (error instanceof TooSlow) onTooSlow();
    // A tree that is deeper than the stack. Which texts are, the detector `import` reports.
    else if (!(error instanceof RangeError)) throw error;
  }
  return results;
}

function findingOf({ meta }: Rule, one: Found, file: string, range: (at: Node | Span) => Range): AnyFinding {
  const { at, message, steps = [], fixes = [] } = one;
  const cwe =
    meta.cwe === undefined
      ? ''
      : ` (CWE-${String(meta.cwe)}${meta.confidence === undefined ? '' : `, confidence: ${meta.confidence}`})`;
  const finding: Omit<Finding, 'severity'> = {
    rule: meta.name,
    message: `${message}${cwe}`,
    range: range(at),
    ...(steps.length === 0
      ? {}
      : { related: steps.map((step) => ({ file, range: range(step.at), message: step.message })) }),
    ...(fixes.length === 0
      ? {}
      : {
          fixes: fixes.map(({ title, kind, edits }) => ({
            title,
            kind,
            edits: edits.map((edit) => ({ range: range(edit.at), newText: edit.text })),
          })),
        }),
  };
  return finding;
}

/** By root and file that is too large: the detector that told of it first, which does so again. */
const tellers = new Map<string, string>();

/** Whether another detector tells of a file that none of them can check. */
function isTold(root: string, detector: string, file: string): boolean {
  const place = `${root}\n${file}`;
  const teller = tellers.get(place) ?? detector;
  tellers.set(place, teller);
  return teller !== detector;
}

function compare(one: Range, other: Range): number {
  return one.start.line - other.start.line || one.start.character - other.start.character;
}
