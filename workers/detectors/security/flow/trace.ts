/** A way from a source to an expression, and what becomes of the value on it. Pure. */
import type { Step } from '../../../rules/rule.ts';
import type { Node } from '../../../rules/tree.ts';
import type { Fact } from './checks.ts';
import type { Source } from './sources.ts';

export interface Trace {
  readonly source: Source;
  readonly origin: Node;
  readonly steps: readonly Step[];
  /** The text begins with it, so whoever chooses it chooses the host of an address, or the root of a path. */
  readonly isStart: boolean;
  /** The constant text from the beginning up to it; undefined: something else is before it, too. */
  readonly before: string | undefined;
  /** The constant texts around it. */
  readonly around: string;
  /** It is the value as it came, or a member of it: not a text that was made with it. */
  readonly isWhole: boolean;
  readonly path: PathState;
  /** The code looks at it before it is used. Only rules about paths, where many checks do not hold, go on. */
  readonly isChecked?: true;
  /** A part was picked from a text, such as one value of an address. */
  readonly isPicked?: true;
  /** It is at most so many characters of a text. */
  readonly isShort?: true;
  /** It surely is a text, and no object that a parser made. */
  readonly isText?: true;
  /** It is part of a text of JSON. */
  readonly isJson?: true;
}

/** What a path can still do. */
export interface PathState {
  /** It may contain `..`. */
  readonly dots: boolean;
  /** It may begin at a root. */
  readonly root: boolean;
  /** `..` is at most at its beginning. */
  readonly normal: boolean;
}

export const ANY_PATH: PathState = { dots: true, root: true, normal: false };

/** The beginning of a way. @param message of its first step */
export function beginning(source: Source, origin: Node, message: string): Trace {
  const steps = [{ at: origin, message }];
  return { source, origin, steps, isStart: true, before: '', around: '', isWhole: true, path: ANY_PATH };
}

const OWN_ADDRESS =
  /^(?:req|ctx)(?:\.(?:req|request|raw))?\.(?:url|originalUrl|path)(?:\.(?:pathname|search|href))?$|\blocation(?:\.\w+)?$/;

/**
 * Whether whoever chooses the value chooses where an address leads: it is at the beginning, goes on a host that has not
 * ended, or may make `//host` of the slash before it.
 */
export function choosesHost({ isStart, before, source, isPicked }: Trace): boolean {
  if (isStart) return true;
  if (before === undefined) return false;
  // What begins with a slash, as the path of a request does, ends the host.
  const isOwnPath = isPicked !== true && OWN_ADDRESS.test(source.label);
  return !isOwnPath && /^(?:https?:)?\/\/[^/?#\\]*$/.test(before);
}

/** Whether a file that the path names may be outside of the folder that it is meant for. */
export function leadsOut({ path }: Trace): boolean {
  return path.dots || path.root;
}

/** What is left of a way after the code has made sure of these facts. */
export function guarded(trace: Trace, facts: ReadonlySet<Fact>): Trace | undefined {
  if (facts.size === 0) return trace;
  if (facts.has('right')) return undefined;
  if (facts.size === 1 && facts.has('end')) return trace;
  let { dots, root } = trace.path;
  const { normal } = trace.path;
  if (facts.has('relative')) root = false;
  if (facts.has('no-dots')) dots = false;
  // `..` that something else precedes is not at the beginning.
  if (facts.has('no-dots-first') && normal && /^(?:\.\/?)?$/.test(trace.before ?? 'unknown')) dots = false;
  if (facts.has('inside')) {
    if (normal || !dots) return undefined;
    root = false;
  }
  return { ...trace, path: { dots, root, normal }, isChecked: true };
}

/** The value with a text before it. */
export function preceded(trace: Trace, before: string | undefined): Pick<Trace, 'before' | 'path'> {
  const isFirst = before === '';
  return {
    before: before === undefined || trace.before === undefined ? undefined : before + trace.before,
    path: { ...trace.path, root: trace.path.root && isFirst, normal: trace.path.normal && isFirst },
  };
}

/** Whether a pattern can be tried: one that repeats what repeats, or chooses in what repeats, may take years. */
function isQuick(source: string): boolean {
  const repeats = source.match(/(?<!\()[+*?{]/g) ?? [];
  const hasRepeatedGroup = /\)[+*?{]/.test(source);
  return repeats.length <= (hasRepeatedGroup ? 1 : 3) && !(hasRepeatedGroup && source.includes('|'));
}

/** Characters that have a meaning in a command, a statement, a page or a pattern. */
const SPECIAL = '<>"\'`&;|$(){}[]*?!\\/#=%.^+~:,@-';
const CLIMBING = '../../..\\etc/../passwd';

/**
 * The value after its matches were replaced. Replacing every occurrence of a special character is how people make a text
 * harmless; for paths, it is tried whether the dots and the root are gone.
 */
export function replaced(trace: Trace, pattern: RegExp, by: string | undefined): Trace | undefined {
  if (!isQuick(pattern.source)) return pattern.global ? undefined : trace;
  const apply = (text: string): string => text.replace(pattern, by ?? '');
  const climbing = apply(CLIMBING);
  const slash = apply('/etc');
  if (!climbing.includes('/')) return undefined;
  const isEvery = pattern.global || pattern.sticky;
  // `^(\.\./)+` takes all that a normal path can have.
  const isNormal = trace.path.normal && !/^\.\.[\\/]/.test(apply('../../etc')) && apply('../../etc') !== '../../etc';
  const path: PathState = {
    dots: trace.path.dots && !(isEvery && !climbing.includes('..')) && !isNormal,
    root: trace.path.root && slash.startsWith('/'),
    normal: trace.path.normal && climbing === CLIMBING,
  };
  if (!path.dots && !path.root) return undefined;
  const isCleaned = isEvery && apply(SPECIAL) !== SPECIAL;
  return { ...trace, path, isText: true, ...(isCleaned ? { isChecked: true } : {}) };
}
