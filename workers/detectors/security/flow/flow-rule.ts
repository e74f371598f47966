/** Makes a rule of a table: which arguments of which calls must not come from outside. */
import { propertyOf } from '../../../rules/names.ts';
import type { Found, Rule, RuleMeta } from '../../../rules/rule.ts';
import type { Script, SourceFile } from '../../../rules/source-file.ts';
import type { Node, NodeOf } from '../../../rules/tree.ts';
import { flowOf } from './flow.ts';
import type { Trace } from './trace.ts';

export type Call = NodeOf<'CallExpression' | 'NewExpression'>;

/** A place that can do harm. */
export interface Sink {
  /** Matches the path of the callee, see `Names`. */
  readonly callee: RegExp;
  /** Indices of arguments; absent: all. */
  readonly arguments?: readonly number[];
  /** Properties of an argument that is an object; absent: the argument itself. */
  readonly properties?: readonly string[];
  readonly accepts?: (trace: Trace, call: Call, script: Script) => boolean;
}

/** A place that a table cannot describe. */
export interface OtherSink {
  readonly value: Node;
  /** As the message calls it, in Markdown. */
  readonly what: string;
  readonly accepts?: (trace: Trace) => boolean;
  /** Only if the way of no finding leads through it. */
  readonly isLast?: true;
}

export interface FlowRule {
  readonly meta: RuleMeta;
  readonly sinks: readonly Sink[];
  readonly others?: (script: Script, file: SourceFile) => Iterable<OtherSink>;
  readonly accepts?: (trace: Trace) => boolean;
  /** Values are paths: what checks leave of them is looked at. */
  readonly arePaths?: boolean;
  /** Ends the message: what is dangerous and the way out. */
  readonly advice: string;
}

/** Paths of callees. */
const MAXIMUM_KNOWN = 5000;

/** @param fromParameters whether callers who are not in the file count, too */
export function flowRule(
  { meta, sinks, others, accepts = () => true, arePaths = false, advice }: FlowRule,
  fromParameters = false,
): Rule {
  const known = new Map<string, readonly Sink[]>();
  /** Most paths are those of many calls, and match nothing. */
  const matching = (path: string): readonly Sink[] => {
    let matches = known.get(path);
    if (matches === undefined) {
      if (known.size >= MAXIMUM_KNOWN) known.clear();
      matches = sinks.filter(({ callee }) => callee.test(path));
      known.set(path, matches);
    }
    return matches;
  };
  return {
    meta,
    *check(file) {
      if (file.isSuite) return;
      for (const script of file.scripts) {
        const flow = flowOf(file, script, fromParameters);
        const reported = new Set<number>();
        const passed = new Set<number>();
        const report = function* (value: Node, what: string, isHarmful: (trace: Trace) => boolean): Generator<Found> {
          const trace = arePaths ? flow.traceOfPath(value) : flow.trace(value);
          if (!trace || reported.has(value.start) || !accepts(trace) || !isHarmful(trace)) return;
          reported.add(value.start);
          for (const { at } of trace.steps) passed.add(at.start);
          yield {
            at: value,
            message: `\`${trace.source.label}\`, which ${fromParameters ? 'callers' : 'others'} choose, reaches ${what}. ${advice}`,
            steps: [...trace.steps, { at: value, message: `It reaches ${what}.` }].slice(-12),
          };
        };
        for (const { call, paths } of namedCallsIn(script)) {
          file.step();
          for (const path of paths) {
            for (const sink of matching(path)) {
              for (const value of valuesOf(sink, call, script)) {
                yield* report(value, `\`${nameOf(path)}\``, (trace) => sink.accepts?.(trace, call, script) ?? true);
              }
            }
          }
        }
        for (const one of others?.(script, file) ?? []) {
          if (one.isLast && passed.has(one.value.start)) continue;
          yield* report(one.value, one.what, one.accepts ?? (() => true));
        }
      }
    },
  };
}

export function callsIn(script: Script): readonly Call[] {
  return namedCallsIn(script).map(({ call }) => call);
}

interface NamedCall {
  readonly call: Call;
  readonly paths: readonly string[];
}

const namedCalls = new WeakMap<Script, readonly NamedCall[]>();

function namedCallsIn(script: Script): readonly NamedCall[] {
  let calls = namedCalls.get(script);
  if (calls === undefined) {
    const { tree } = script;
    calls = [...tree.all('CallExpression'), ...tree.all('NewExpression')].map((call) => ({
      call,
      paths: pathsOf(call.callee, script),
    }));
    namedCalls.set(script, calls);
  }
  return calls;
}

/** What a callee stands for; also with the value of the name whose member it is: `browser.newPage().goto`. */
function pathsOf(callee: Node, { names }: Script): readonly string[] {
  const path = names.pathOf(callee);
  if (callee.type !== 'MemberExpression' || callee.object.type !== 'Identifier' || !path.startsWith('?')) return [path];
  const value = names.valueOf(callee.object);
  const name = propertyOf(callee, names);
  return value === callee.object || name === undefined ? [path] : [path, `${names.pathOf(value)}.${name}`];
}

/** As people would write it. */
export function nameOf(path: string): string {
  return path
    .replace(/^(?:global:|\?)/, '')
    .replace(/^param:request/, 'req')
    .replace(/^param:context/, 'ctx');
}

function* valuesOf({ arguments: indices, properties }: Sink, call: Call, { names }: Script): Generator<Node> {
  const chosen = indices ? indices.map((index) => call.arguments[index]) : call.arguments;
  for (const argument of chosen) {
    if (!argument) continue;
    if (properties === undefined) {
      yield argument;
      continue;
    }
    for (const property of properties) {
      const value = names.property(argument, property);
      if (value !== undefined && value !== 'unclear') yield value;
    }
  }
}
