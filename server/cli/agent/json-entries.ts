/** Entries in JSON, with comments or without. What is not ours keeps its bytes. */
import { isDeepStrictEqual } from 'node:util';
import {
  findNodeAtLocation,
  getNodeValue,
  parseTree,
  printParseErrorCode,
  type JSONPath,
  type Node,
  type ParseError,
} from 'jsonc-parser';
import { isRecord } from '../../configuration/is-record.ts';
import { isOurCommand } from './commands.ts';
import { EntryError, type Entry } from './entry.ts';
import { inserted, replaced, withoutValue } from './json-text.ts';

const MARK = '\uFEFF';
/** An element that is not there yet. */
const END = -1;

/** A member that is ours by its name. */
export function serverEntry(path: JSONPath, value: object): Entry {
  return {
    add: edited((text, root) => (isDeepStrictEqual(valueAt(root, path), value) ? text : set(text, root, path, value))),
    remove: edited((text, root) => (findNodeAtLocation(root, path) ? unset(text, path) : text)),
  };
}

/** As {@link serverEntry}, in an object that may also be `true` or `false`: then somebody wants all of them, or none. */
export function optionalEntry(path: JSONPath, value: object): Entry {
  const isDecided = (root: Node): boolean =>
    typeof valueAt(root, path.slice(0, -1)) === 'boolean' || isDeepStrictEqual(valueAt(root, path), value);
  return {
    ...serverEntry(path, value),
    add: edited((text, root) => (isDecided(root) ? text : set(text, root, path, value))),
  };
}

/** An element of a list that is ours by its command: a hook, or a group with one. */
export function hookEntry(list: JSONPath, value: object): Entry {
  return {
    add: edited((text, root) => {
      const [own] = ownHooks(root, list);
      if (own === undefined) return set(text, root, [...list, END], value);
      // A group with hooks of others is theirs.
      return own.length > list.length + 1 || isDeepStrictEqual(valueAt(root, own), value) ? text : set(text, root, own, value); // prettier-ignore
    }),
    remove: edited((text, root) => ownHooks(root, list).reverse().reduce(unset, text)),
  };
}

/** The places of our hooks, in order: whole groups, unless they have hooks of others too. */
function ownHooks(root: Node, list: JSONPath): JSONPath[] {
  const groups = valueAt(root, list);
  if (!Array.isArray(groups)) return [];
  return groups.flatMap((group: unknown, index): JSONPath[] => {
    if (!isRecord(group)) return [];
    if (isOurCommand(group['command'])) return [[...list, index]];
    const { hooks } = group;
    if (!Array.isArray(hooks)) return [];
    const own = hooks.flatMap((hook: unknown, at) => (isRecord(hook) && isOurCommand(hook['command']) ? [at] : []));
    return own.length === hooks.length && own.length > 0 ? [[...list, index]] : own.map((at) => [...list, index, 'hooks', at]); // prettier-ignore
  });
}

function edited(edit: (text: string, root: Node) => string): (text: string) => string {
  return (text) => {
    const mark = text.startsWith(MARK) ? MARK : '';
    const body = text.slice(mark.length);
    const isEmpty = body.trim() === '';
    const result = edit(isEmpty ? '{}' : body, parsed(isEmpty ? '{}' : body));
    if (isEmpty) return result === '{}' ? text : `${mark}${result}\n`;
    return mark + result;
  };
}

function parsed(text: string): Node {
  const errors: ParseError[] = [];
  const root = parseTree(text, errors, { allowTrailingComma: true });
  const [error] = errors;
  if (error) throw new EntryError(`${placeOf(text, error.offset)}: ${printParseErrorCode(error.error)}`);
  if (root?.type !== 'object') throw new EntryError('1:1: it is no object');
  return root;
}

function placeOf(text: string, offset: number): string {
  const lines = text.slice(0, offset).split('\n');
  return `${lines.length}:${(lines.at(-1)?.length ?? 0) + 1}`;
}

function valueAt(root: Node, path: JSONPath): unknown {
  const node = findNodeAtLocation(root, path);
  return node && (getNodeValue(node) as unknown);
}

function set(text: string, root: Node, path: JSONPath, value: unknown): string {
  const present = findNodeAtLocation(root, path);
  if (present) return replaced(text, present, value);
  let [container, depth] = [root, 0];
  for (; depth < path.length - 1; depth += 1) {
    const next = findNodeAtLocation(root, path.slice(0, depth + 1));
    if (next === undefined) break;
    const wanted = typeof path[depth + 1] === 'number' ? 'array' : 'object';
    if (next.type !== wanted)
      throw new EntryError(`${placeOf(text, next.offset)}: ${path.slice(0, depth + 1).join('.')} is no ${wanted}`);
    container = next;
  }
  const [key, ...inner] = path.slice(depth);
  const nested = inner.reduceRight<unknown>((part, name) => (typeof name === 'number' ? [part] : { [name]: part }), value); // prettier-ignore
  return inserted(text, container, typeof key === 'string' ? key : undefined, nested);
}

/** Also what is empty then, as it would be without us. */
function unset(text: string, path: JSONPath): string {
  const result = withoutValue(text, parsed(text), path);
  const above = path.slice(0, -1);
  const left = valueAt(parsed(result), above);
  const isEmpty = Array.isArray(left) ? left.length === 0 : isRecord(left) && Object.keys(left).length === 0;
  return isEmpty && above.length > 0 ? unset(result, above) : result;
}
