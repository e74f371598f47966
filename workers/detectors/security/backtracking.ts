/**
 * Which regular expressions take too long for some texts, as recheck finds out. The library is 3 MB, so it is loaded for
 * the first pattern that needs it, and each pattern is looked at once per worker.
 */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { compileFunction } from 'node:vm';
import type * as Recheck from 'recheck';
import { readTextSync } from '../../protocol/read-file.ts';
import { propertyOf, unwrapped } from '../../rules/names.ts';
import type { Step } from '../../rules/rule.ts';
import type { Script, SourceFile } from '../../rules/source-file.ts';
import { isFunction, type Node } from '../../rules/tree.ts';

/** A regular expression in the code. */
export interface Pattern {
  /** The literal, or the expression that makes it. */
  readonly node: Node;
  readonly source: string;
  readonly flags: string;
}

export interface Backtracking {
  readonly growth: 'exponential' | 'polynomial';
  /** As in `n²`, for a text of `n` characters. */
  readonly steps: string;
  /** A text that takes long, as an expression of JavaScript. */
  readonly attack: string;
  /** The parts that match the same text in many ways: offsets in the pattern. */
  readonly hotSpots: readonly { readonly start: number; readonly end: number }[];
}

/** How often recheck may look at the clock for one pattern, which takes a second or two; most need 300. */
const MAXIMUM_STEPS = 15_000;
/** Milliseconds, in case that the steps of a pattern are long ones. */
const TIME_PER_PATTERN = 8000;
/** Milliseconds for all new patterns of a file: a list of thousands must not keep the others waiting. */
const TIME_PER_FILE = 15_000;
/** In longer ones recheck looks at the clock too rarely. */
const MAXIMUM_LENGTH = 2000;
const MAXIMUM_KEPT = 5000;

const known = new Map<string, Backtracking | undefined>();
const timeSpent = new WeakMap<SourceFile, number>();

/**
 * Whether a pattern takes exponentially long for some text. Its repeated parts are judged alone first: they are short, and
 * none of them takes long in most patterns.
 * @returns undefined: it does not, or nobody knows
 */
export function exponentialIn(pattern: Pattern, file: SourceFile): Backtracking | undefined {
  const { source, flags } = pattern;
  const parts = repeatedChoices(source);
  const mayBe = REFERENCE.test(source)
    ? parts.length > 0
    : parts.some((part) => isExponential(backtrackingOf({ source: `^${part}${NEVER}`, flags }, file)));
  const found = mayBe ? backtrackingOf(pattern, file) : undefined;
  return isExponential(found) ? found : undefined;
}

function isExponential(found: Backtracking | undefined): boolean {
  return found?.growth === 'exponential';
}

/** A part that refers to what another one matched means nothing alone. */
const REFERENCE = /\\[1-9k]/;
/** A character that no text has: after it, whatever can be matched in several ways is tried in all of them. */
const NEVER = '\uE000';

/** @returns undefined: none, or nobody knows */
export function backtrackingOf({ source, flags }: Omit<Pattern, 'node'>, file: SourceFile): Backtracking | undefined {
  if (source.length > MAXIMUM_LENGTH || !MAY_REPEAT.test(source)) return undefined;
  const key = `${flags}/${source}`;
  if (known.has(key)) return known.get(key);
  const spent = timeSpent.get(file) ?? 0;
  if (spent > TIME_PER_FILE) {
    file.missesSome();
    return undefined;
  }
  const started = performance.now();
  const found = file.withoutCounting(() => check(source, flags));
  timeSpent.set(file, spent + performance.now() - started);
  known.set(key, found);
  for (const [oldest] of known) {
    if (known.size <= MAXIMUM_KEPT) break;
    known.delete(oldest);
  }
  return found;
}

function check(source: string, flags: string): Backtracking | undefined {
  // recheck does not know the flag `v`, which adds operations on sets to what `u` means.
  const result = checked(source, flags.replace('v', 'u'));
  if (result?.status !== 'vulnerable') return undefined;
  const { complexity, attack, hotspot } = result;
  const hot = hotspot.filter(({ temperature }) => temperature === 'heat');
  return {
    growth: complexity.type,
    steps: complexity.type === 'polynomial' ? `n^${String(complexity.degree)}` : '2^n',
    attack: attack.pattern.length > 160 ? `${attack.pattern.slice(0, 159)}…` : attack.pattern,
    hotSpots: hot.length > 0 ? hot : hotspot,
  };
}

/** @returns undefined: recheck fails on it, for instance because it is nested deeper than the stack */
function checked(source: string, flags: string): Recheck.Diagnostics | undefined {
  const { checkSync } = library();
  clock.start();
  try {
    return checkSync(source, flags, LIMITS);
  } catch {
    return undefined;
  }
}

/**
 * What recheck takes for the clock. It counts how often it is asked, so that the answer depends on the pattern and not on
 * how busy the machine is.
 */
const clock = {
  steps: 0,
  started: 0,
  start(): void {
    clock.steps = 0;
    clock.started = performance.now();
  },
  now(): number {
    return performance.now() - clock.started > TIME_PER_PATTERN ? Number.MAX_SAFE_INTEGER : ++clock.steps;
  },
};

const LIMITS: Recheck.Parameters = {
  timeout: MAXIMUM_STEPS,
  attackTimeout: null,
  incubationTimeout: null,
  seedingTimeout: null,
};

let loaded: Pick<typeof Recheck, 'checkSync'> | undefined;

/** Its part that is plain JavaScript; the other starts programs in Java or native code. */
function library(): Pick<typeof Recheck, 'checkSync'> {
  if (loaded) return loaded;
  const inProduct = path.join(import.meta.dirname, 'recheck', 'browser.js');
  const file = existsSync(inProduct) ? inProduct : createRequire(import.meta.url).resolve('recheck/lib/browser.js');
  const module = { exports: {} };
  const parameters = ['module', 'exports', 'performance'];
  const run = compileFunction(readTextSync(file), parameters, { filename: file }) as (
    ...values: readonly unknown[]
  ) => void;
  run(module, module.exports, clock);
  return (loaded = module.exports as Pick<typeof Recheck, 'checkSync'>);
}

/** Without such a part a pattern takes no longer than the text is long. */
const MAY_REPEAT = /[*+]|\{\d+,\d*\}/;

/**
 * Finds the parts that repeat and have parts that repeat or alternatives: only such a part can take exponentially long.
 * Costs one pass, so that most patterns cost nothing else.
 * @returns the outermost, each with how often it repeats
 */
export function repeatedChoices(source: string): readonly string[] {
  interface Group {
    readonly start: number;
    hasChoice: boolean;
  }
  const groups: Group[] = [{ start: 0, hasChoice: false }];
  const found: { start: number; end: number }[] = [];
  let closed: Group | undefined;
  for (let at = 0; at < source.length; at++) {
    const character = source[at];
    const group = groups.at(-1);
    const before = closed;
    closed = undefined;
    if (group === undefined) break;
    switch (character) {
      case '\\':
        at++;
        break;
      case '[':
        for (at++; at < source.length && source[at] !== ']'; at++) if (source[at] === '\\') at++;
        break;
      case '(':
        groups.push({ start: at, hasChoice: false });
        if (source[at + 1] === '?') at++;
        break;
      case ')':
        closed = groups.pop();
        if (closed?.hasChoice === true) for (const outer of groups) outer.hasChoice = true;
        break;
      case '*':
      case '+':
      case '{':
        if (before?.hasChoice === true) {
          const { start } = before;
          while ((found.at(-1)?.start ?? -1) > start) found.pop();
          found.push({ start, end: at + (QUANTIFIER.exec(source.slice(at))?.[0].length ?? 1) });
        }
        group.hasChoice = true;
        break;
      case '?':
      case '|':
        group.hasChoice = true;
        break;
      default:
    }
  }
  return found.map(({ start, end }) => source.slice(start, end));
}

const QUANTIFIER = /^(?:[*+]|\{\d+(?:,\d*)?\})\??/;

/** All regular expressions of a script, literals first. */
export function* patternsIn(script: Script): Generator<Pattern> {
  for (const node of script.tree.all('Literal')) {
    if ('regex' in node) yield { node, source: node.regex.pattern, flags: node.regex.flags };
  }
  for (const node of [...script.tree.all('NewExpression'), ...script.tree.all('CallExpression')]) {
    const made = madeBy(script, node) ?? madeOfText(script, node);
    if (made && made.node === node) yield made;
  }
}

/** The regular expression that an expression stands for. */
export function patternOf(script: Script, node: Node, steps = 0): Pattern | undefined {
  const { names } = script;
  const value = names.valueOf(node);
  if (value.type === 'Literal' && 'regex' in value) {
    return { node: value, source: value.regex.pattern, flags: value.regex.flags };
  }
  if (value.type === 'NewExpression' || value.type === 'CallExpression') return madeBy(script, value);
  if (value.type !== 'MemberExpression' || value.computed || steps > 4) return undefined;
  const { object, property } = value;
  const name = property.type === 'Identifier' ? property.name : undefined;
  const field = name === undefined ? undefined : (names.property(object, name) ?? fieldOf(script, value, name));
  return field === undefined || field === 'unclear' ? undefined : patternOf(script, field, steps + 1);
}

/** `new RegExp(…)` with a constant text; `new RegExp(/…/)` stands for the literal. */
function madeBy(script: Script, node: Node): Pattern | undefined {
  if (node.type !== 'NewExpression' && node.type !== 'CallExpression') return undefined;
  const { names } = script;
  if (!/^global:(?:globalThis\.|window\.)?RegExp$/.test(names.pathOf(node.callee))) return undefined;
  const [first, second] = node.arguments;
  const flags = second === undefined ? '' : names.stringOf(second);
  if (first === undefined || flags === undefined) return undefined;
  const literal = names.valueOf(first);
  if (literal.type === 'Literal' && 'regex' in literal) {
    return { node: literal, source: literal.regex.pattern, flags: second === undefined ? literal.regex.flags : flags };
  }
  const source = names.stringOf(first) ?? rawText(script, literal);
  return source === undefined ? undefined : { node, source, flags };
}

/** `text.match('…')` makes a pattern of its text. */
function madeOfText({ names }: Script, node: Node): Pattern | undefined {
  if (node.type !== 'CallExpression' || node.callee.type !== 'MemberExpression' || node.arguments.length !== 1) return;
  if (!/^(?:match|matchAll|search)$/.test(propertyOf(node.callee) ?? '')) return;
  const source = names.stringOf(node.arguments[0]);
  return source === undefined ? undefined : { node, source, flags: '' };
}

/** `String.raw`, with which people write patterns. */
function rawText({ names }: Script, outer: Node): string | undefined {
  const node = unwrapped(outer);
  if (node.type !== 'TaggedTemplateExpression' || names.pathOf(node.tag) !== 'global:String.raw') return undefined;
  return node.quasi.expressions.length === 0 ? node.quasi.quasis[0]?.value.raw : undefined;
}

/** `this.pattern`, `Parser.pattern` */
function fieldOf({ tree, names }: Script, node: Node, name: string): Node | undefined {
  if (node.type !== 'MemberExpression') return undefined;
  const object = names.valueOf(node.object);
  const bodies =
    object.type === 'ThisExpression'
      ? [...tree.ancestors(node)].filter((at) => at.type === 'ClassBody').slice(0, 1)
      : object.type === 'ClassDeclaration' || object.type === 'ClassExpression'
        ? [object.body]
        : [];
  for (const { body } of bodies) {
    for (const member of body) {
      if (member.type !== 'PropertyDefinition' || member.computed || member.value === null) continue;
      if (member.key.type === 'Identifier' && member.key.name === name && !isFunction(member.value))
        return member.value;
    }
  }
  return undefined;
}

/** The places of what repeats, where the pattern stands in the code as it is. */
export function stepsOf({ node, source }: Pattern, { hotSpots }: Backtracking): readonly Step[] {
  if (node.type !== 'Literal') return [];
  return hotSpots.slice(0, 3).map(({ start, end }) => ({
    at: { start: node.start + 1 + start, end: node.start + 1 + end },
    message: `\`${source.slice(start, end)}\` can match the same text in many ways.`,
  }));
}
