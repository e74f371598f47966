/** Import statements that can be merged. */
import type { Module, ModuleGraph } from '../../graph/index.ts';
import {
  isTypeScriptFile,
  rangeIn,
  recordHash,
  scriptAt,
  specifierRange,
  type ModuleRequest,
} from '../../graph/record.ts';
import type { Fix } from '../../protocol/detector-protocol.ts';
import type { ImportCheck } from './import-check.ts';

export function checkDuplicates(check: ImportCheck, module: Module): void {
  if (!check.isOn('duplicate-import')) return;
  const { file, record } = module;
  for (const [first, second] of duplicatesOf(check.graph, module)) {
    const isSame = first.specifier === second.specifier;
    const what = isSame
      ? `'${second.specifier}' is imported twice`
      : `'${second.specifier}' and '${first.specifier}' are the same module`;
    const line = rangeIn(record, first.start, first.end).start.line + 1;
    const fix = mergeFix(check.graph, module, first, second);
    check.report(module, 'duplicate-import', {
      message: `${what}. Merge it with the import on line ${String(line)}.`,
      range: specifierRange(record, second),
      related: [{ file, range: specifierRange(record, first), message: 'first imported here' }],
      ...(fix === undefined ? {} : { fixes: [fix] }),
    });
  }
}

type Pair = readonly [first: ModuleRequest, second: ModuleRequest];

/** Pairs of an import and an earlier import of the same module, in source order. */
function duplicatesOf(graph: ModuleGraph, module: Module): readonly Pair[] {
  const { record, resolutions, file } = module;
  const groups = new Map<string, ModuleRequest[]>();
  record.requests.forEach((request, index) => {
    if (request.kind !== 'import') return;
    const resolution = resolutions[index];
    // Two specifiers of a package may resolve to one file now and to two files later.
    const isFile = resolution?.kind === 'file' && resolution.via !== 'package' && !/[?#]/.test(request.specifier);
    // Each script of a component has imports of its own.
    const script = scriptAt(record, request.start)?.start ?? 0;
    const key = `${String(script)} ${isFile ? resolution.file : request.specifier}`;
    const group = groups.get(key);
    if (group) group.push(request);
    else groups.set(key, [request]);
  });
  let text: string | undefined;
  const isTypeStatement = ({ start, typeOnly }: ModuleRequest): boolean =>
    typeOnly && /^import\s+type\b/.test((text ??= graph.textOf(file) ?? '').slice(start, start + 40));
  // Different import attributes load the module in another way: `with { type: 'json' }`.
  const attributesOf = ({ specifierEnd, end }: ModuleRequest): string =>
    (text ??= graph.textOf(file) ?? '')
      .slice(specifierEnd, end)
      .replace(/\/\*[^]*?\*\/|\/\/.*|[\s;]|,(?=\s*\})/g, '')
      .replaceAll('"', "'");
  // A comment for the compiler is about the one statement that follows it.
  const isDirected = ({ start }: ModuleRequest): boolean => {
    const [line = ''] = (text ??= graph.textOf(file) ?? '').slice(0, start).trimEnd().split('\n').slice(-1);
    return /\/[/*].*@ts-(?:expect-error|ignore)\b/.test(line);
  };
  const repeats = (first: ModuleRequest, second: ModuleRequest): boolean => {
    if (isDirected(first) || isDirected(second)) return false;
    if (attributesOf(first) !== attributesOf(second)) return false;
    const [one, other] = [first, second].map(formOf);
    // In TypeScript, a side-effect import keeps the module loaded when the other import is elided.
    if (one === 'effect' || other === 'effect') return one === other || !isTypeScriptFile(file);
    if (one === 'namespace' || other === 'namespace')
      return one === other && isTypeStatement(first) === isTypeStatement(second);
    if (isTypeStatement(first) !== isTypeStatement(second)) return false;
    // `import type` takes a default or names, not both.
    return !isTypeStatement(first) || hasDefault(first) === hasDefault(second);
  };
  return [...groups.values()].flatMap((group) =>
    group.flatMap((second, index): readonly Pair[] => {
      const first = group.slice(0, index).find((one) => repeats(one, second));
      return first ? [[first, second]] : [];
    }),
  );
}

/** A namespace import cannot be merged with named imports. */
function formOf({ names }: ModuleRequest): 'effect' | 'namespace' | 'names' {
  return names.length === 0 ? 'effect' : names.some(({ imported }) => imported === '*') ? 'namespace' : 'names';
}

/** Moves the names of the second import into the braces of the first; undefined if that is not simple. */
function mergeFix(graph: ModuleGraph, module: Module, first: ModuleRequest, second: ModuleRequest): Fix | undefined {
  const text = graph.textOf(module.file);
  if (text === undefined || recordHash(text) !== module.record.hash) return undefined;
  const lineEnd = /^[ \t]*(\r\n|\n|\r)?/.exec(text.slice(second.end))?.[0].length ?? 0;
  const removal = { range: rangeIn(module.record, second.start, second.end + lineEnd), newText: '' };
  const [into, from] = [first, second].map(({ start, end }) => text.slice(start, end));
  if (/\/[/*]|\bwith\b|\bassert\b/.test(`${into ?? ''}${from ?? ''}`)) return undefined;
  if (second.names.length === 0) return { title: 'Remove the duplicate import', kind: 'fix', edits: [removal] };
  const braces = /\{([^{}]*)\}/d;
  const target = braces.exec(into ?? '');
  const source = braces.exec(from ?? '');
  if (!target?.indices?.[1] || !source || hasDefault(second)) return undefined;
  const names = [target[1], source[1]]
    .map((list) => (list ?? '').trim().replace(/,$/, '').trim())
    .filter((list) => list !== '');
  const start = first.start + target.indices[1][0];
  const end = first.start + target.indices[1][1];
  return {
    title: `Merge the imports of '${second.specifier}'`,
    kind: 'fix',
    edits: [{ range: rangeIn(module.record, start, end), newText: ` ${names.join(', ')} ` }, removal],
  };
}

function hasDefault({ names }: ModuleRequest): boolean {
  return names.some(({ imported }) => imported === 'default');
}
