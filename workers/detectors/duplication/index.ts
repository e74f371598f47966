/** The `duplication` detector: parts of files that stand elsewhere too. */
import path from 'node:path';
import { isTestFile, isToolFile } from '../../graph/file-roles.ts';
import type { Module, ModuleGraph } from '../../graph/index.ts';
import { positionAt } from '../../graph/lines.ts';
import { isDeclarationFile, rangeIn } from '../../graph/record.ts';
import { Findings, graphDetector, severitiesOf, type RuleSeverities } from '../../graph/rules.ts';
import { isComponentFile } from '../../graph/scripts.ts';
import { uncheckedFiles } from '../../graph/unchecked.ts';
import type { DetectorOptions, Finding, RelatedPlace } from '../../protocol/detector-protocol.ts';
import { defaultSeverities, type RuleOf } from '../../protocol/manifest.ts';
import { CloneIndex, type Clone, type Place, type Source } from './clones.ts';
import { manifest } from './manifest.ts';
import { tokensOf, type Span } from './tokens.ts';

export type DuplicationRule = RuleOf<typeof manifest>;

export const DUPLICATION_RULES: RuleSeverities<DuplicationRule> = defaultSeverities(manifest);

export const detector = graphDetector({
  name: 'duplication',
  version: '1',
  rules: DUPLICATION_RULES,
  findings: duplicationFindings,
});

/** An index with other thresholds has other fingerprints. */
const indexes = new WeakMap<ModuleGraph, { readonly key: string; readonly index: CloneIndex }>();

export function duplicationFindings(
  graph: ModuleGraph,
  options: DetectorOptions,
): ReadonlyMap<string, readonly Finding[]> {
  const findings = new Findings();
  const severity = severitiesOf(options, DUPLICATION_RULES)['duplicated-code'];
  if (severity === 'off') {
    indexes.delete(graph);
    return findings.byFile;
  }
  const index = indexOf(graph, options);
  index.update(sourcesOf(graph, options));
  for (const [file, clones] of index.clones()) {
    for (const clone of clones) {
      const range = rangeOf(graph, clone);
      findings.add(file, severity, {
        rule: 'duplicated-code',
        message: messageOf(clone),
        range,
        related: clone.others.slice(0, MAXIMUM_RELATED).map((other): RelatedPlace => {
          return { file: other.file, range: rangeOf(graph, other), message: 'The same code' };
        }),
      });
    }
  }
  return findings.byFile;
}

const MAXIMUM_RELATED = 10;

function indexOf(graph: ModuleGraph, options: DetectorOptions): CloneIndex {
  const { minimumTokens, minimumLines } = manifest.options;
  const tokens = numberOf(options['minimumTokens'], minimumTokens.default);
  const lines = numberOf(options['minimumLines'], minimumLines.default);
  const key = `${String(tokens)} ${String(lines)}`;
  let known = indexes.get(graph);
  if (known?.key !== key) indexes.set(graph, (known = { key, index: new CloneIndex(tokens, lines) }));
  return known.index;
}

function numberOf(value: unknown, byDefault: number): number {
  return typeof value === 'number' ? value : byDefault;
}

/** Copies among tests, scripts and examples are meant, and nobody writes declarations or what tools generate. */
function* sourcesOf(graph: ModuleGraph, options: DetectorOptions): Generator<Source> {
  const isUnchecked = uncheckedFiles(graph, options);
  const { manifests } = graph;
  for (const [file, module] of graph.modules) {
    if (isUnchecked(file) || isDeclarationFile(file) || module.record.isGenerated) continue;
    if (isTestFile(file, manifests) || isToolFile(file, manifests)) continue;
    const { record } = module;
    yield {
      file,
      hash: record.hash + path.posix.extname(file),
      tokens: () => {
        const text = graph.textOf(file) ?? '';
        return tokensOf(text, skippedOf(module, text));
      },
      lineAt: (offset) => positionAt(record.lines, offset).line,
    };
  }
}

/** What is no code of the file: lists of imports, and in a component everything but its scripts. */
function skippedOf({ file, record }: Module, text: string): readonly Span[] {
  const skipped: Span[] = [];
  for (const { kind, deferred, start, end } of record.requests) {
    if (kind === 'import' || kind === 'export') skipped.push({ start, end });
    else if (kind === 'require' && !deferred) skipped.push(declarationAround(text, start, end));
  }
  if (isComponentFile(file)) {
    let from = 0;
    for (const { start, end } of record.scripts) {
      skipped.push({ start: from, end: start });
      from = end;
    }
    skipped.push({ start: from, end: text.length });
  }
  return skipped.sort((one, other) => one.start - other.start);
}

/** `const { a, b } = require('x').c;` */
function declarationAround(text: string, start: number, end: number): Span {
  const before = /(?:const|let|var)\s[\w\s$,:{}]*=\s*$/.exec(text.slice(Math.max(0, start - 500), start));
  const rest = /^[\w.()]*/.exec(text.slice(end, end + 100))?.[0].length ?? 0;
  return { start: before ? start - before[0].length : start, end: end + rest };
}

function rangeOf(graph: ModuleGraph, { file, start, end }: Place): Finding['range'] {
  const record = graph.modules.get(file)?.record;
  const nowhere = { line: 0, character: 0 };
  return record ? rangeIn(record, start, end) : { start: nowhere, end: nowhere };
}

/** Names files, not lines: a message should not change with every edit of another file. */
function messageOf({ file, others }: Clone): string {
  const files = [...new Set(others.map((other) => other.file))];
  const elsewhere = files.filter((other) => other !== file);
  const [first] = elsewhere;
  const places = others.length;
  const where =
    first === undefined
      ? places === 1
        ? 'elsewhere in this file'
        : `in ${String(places)} more places of this file`
      : places === 1
        ? `in ${first}`
        : `in ${first} and ${String(places - 1)} more ${places === 2 ? 'place' : 'places'}`;
  return `This code stands ${where} too. Move it to one place that all of them use, so that a change is made once.`;
}
