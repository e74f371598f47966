/** Import statements that could be one. Pure but for reading the module's text. */
import type { Module, ModuleGraph } from '../../graph/index.ts';
import { rangeIn, recordHash, type ModuleRecord, type ModuleRequest } from '../../graph/record.ts';
import type { Fix } from '../../protocol.ts';

/** Pairs of the first import of a module and each later one that can be merged with it, in source order. */
export function duplicatesOf({ record }: Module): readonly Pair[] {
  let pairs = memo.get(record);
  if (!pairs) memo.set(record, (pairs = findDuplicates(record)));
  return pairs;
}

type Pair = readonly [first: ModuleRequest, second: ModuleRequest];

const memo = new WeakMap<ModuleRecord, readonly Pair[]>();

function findDuplicates(record: ModuleRecord): readonly Pair[] {
  const firsts = new Map<string, ModuleRequest>();
  const pairs: Pair[] = [];
  for (const request of record.requests) {
    const { kind, names, specifier, typeOnly } = request;
    // A namespace cannot stand beside names, and a bare import may be there for its order.
    if (kind !== 'import' || names.length === 0 || names.some(({ imported }) => imported === '*')) continue;
    const key = `${String(typeOnly)} ${specifier}`;
    const first = firsts.get(key);
    if (!first) firsts.set(key, request);
    else if (![first, request].every(hasDefault)) pairs.push([first, request]);
  }
  return pairs;
}

/** Puts the names of the second into the braces of the first; undefined where that is not plainly possible. */
export function mergeFix(
  graph: ModuleGraph,
  module: Module,
  first: ModuleRequest,
  second: ModuleRequest,
): Fix | undefined {
  const text = graph.textOf(module.file);
  if (text === undefined || recordHash(module.file, text) !== module.record.hash) return undefined;
  const [into, from] = [first, second].map(({ start, end }) => text.slice(start, end));
  const braces = /\{([^{}]*)\}/d;
  const target = braces.exec(into ?? '');
  const source = braces.exec(from ?? '');
  if (
    !target?.indices?.[1] ||
    !source ||
    hasDefault(second) ||
    isTypeStatement(into) !== isTypeStatement(from) ||
    /\/[/*]|\bwith\b|\bassert\b/.test(`${into ?? ''}${from ?? ''}`)
  )
    return undefined;
  const names = [target[1], source[1]]
    .map((list) => (list ?? '').trim().replace(/,$/, '').trim())
    .filter((list) => list !== '');
  const start = first.start + target.indices[1][0];
  const end = first.start + target.indices[1][1];
  const lineEnd = /^[ \t]*(\r\n|\n|\r)?/.exec(text.slice(second.end))?.[0].length ?? 0;
  return {
    title: `Merge the imports of '${second.specifier}'`,
    kind: 'fix',
    edits: [
      { range: rangeIn(module.record, start, end), newText: ` ${names.join(', ')} ` },
      { range: rangeIn(module.record, second.start, second.end + lineEnd), newText: '' },
    ],
  };
}

/** `import type { A }`, as against `import { type A }`. */
function isTypeStatement(statement: string | undefined): boolean {
  return /^import\s+type\b/.test(statement ?? '');
}

function hasDefault({ names }: ModuleRequest): boolean {
  return names.some(({ imported }) => imported === 'default');
}
