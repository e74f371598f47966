/** Puts members and elements into JSON with comments, and takes them out. Every other byte stays as it is. Pure. */
import { createScanner, findNodeAtLocation, type JSONPath, type Node } from 'jsonc-parser';

/** Of the scanner, whose names for them exist in its declarations only. */
const tokens = { comma: 5, lineBreak: 14, end: 17 } as const;

/** Puts a value first into an object or a list. @param key of a member; absent: an element */
export function inserted(text: string, container: Node, key: string | undefined, value: unknown): string {
  const eol = text.includes('\r\n') ? '\r\n' : '\n';
  const open = container.offset + 1;
  const close = container.offset + container.length - 1;
  const [first] = container.children ?? [];
  const outer = indentAt(text, container.offset);
  const line = firstLineBreak(text, open, first?.offset ?? close);
  const put = (start: number, end: number, part: string): string => text.slice(0, start) + part + text.slice(end);
  const isOneLine = text.trim().length > 2 && !text.trim().includes('\n');
  if (line === undefined && (first !== undefined || isOneLine)) {
    const space = text[open] === ' ' ? ' ' : '';
    return put(open, open, `${space}${memberOf(key, JSON.stringify(value))}${first ? ',' : ''}`);
  }
  const indent = first && line !== undefined ? indentAt(text, first.offset) : outer + unitOf(text);
  const printed = JSON.stringify(value, undefined, unitOf(text)).replaceAll('\n', `${eol}${indent}`);
  const part = `${eol}${indent}${memberOf(key, printed)}${first ? ',' : ''}`;
  return line === undefined ? put(open, close, `${part}${eol}${outer}`) : put(line, line, part);
}

/** Replaces a value in its place. */
export function replaced(text: string, { offset, length }: Node, value: unknown): string {
  const eol = text.includes('\r\n') ? '\r\n' : '\n';
  const old = text.slice(offset, offset + length);
  const printed = old.includes('\n')
    ? JSON.stringify(value, undefined, unitOf(text)).replaceAll('\n', `${eol}${indentAt(text, offset)}`)
    : JSON.stringify(value);
  return text.slice(0, offset) + printed + text.slice(offset + length);
}

/** Takes out a member or an element, with its comma. */
export function withoutValue(text: string, root: Node, path: JSONPath): string {
  const value = findNodeAtLocation(root, path);
  const node = value?.parent?.type === 'property' ? value.parent : value;
  const siblings = node?.parent?.children ?? [];
  if (node?.parent === undefined) return text;
  const end = node.offset + node.length;
  const begin = node.offset - (/\s*$/.exec(text.slice(0, node.offset))?.[0].length ?? 0);
  const closing = node.parent.offset + node.parent.length - 1;
  const index = siblings.indexOf(node);
  const comma = firstComma(text, end, siblings[index + 1]?.offset ?? closing);
  if (comma !== undefined) return text.slice(0, begin) + text.slice(end, comma) + text.slice(comma + 1);
  const before = siblings[index - 1];
  const earlier = before && firstComma(text, before.offset + before.length, node.offset);
  const head = text.slice(0, begin);
  return (earlier === undefined ? head : head.slice(0, earlier) + head.slice(earlier + 1)) + text.slice(end);
}

function memberOf(key: string | undefined, value: string): string {
  return key === undefined ? value : `${JSON.stringify(key)}: ${value}`;
}

/** White space at the start of the line. */
function indentAt(text: string, offset: number): string {
  const line = text.slice(text.lastIndexOf('\n', offset - 1) + 1, offset);
  return /^[ \t]*/.exec(line)?.[0] ?? '';
}

/** Of one level. */
function unitOf(text: string): string {
  const indent = /^([ \t]+)["[{]/m.exec(text)?.[1] ?? '  ';
  return indent.startsWith('\t') ? '\t' : indent;
}

/** Where the line of the bracket ends, outside of comments. */
function firstLineBreak(text: string, from: number, to: number): number | undefined {
  return firstToken(text, from, to, tokens.lineBreak);
}

function firstComma(text: string, from: number, to: number): number | undefined {
  return firstToken(text, from, to, tokens.comma);
}

function firstToken(text: string, from: number, to: number, wanted: number): number | undefined {
  const scanner = createScanner(text, false);
  scanner.setPosition(from);
  for (let token: number = scanner.scan(); scanner.getTokenOffset() < to; token = scanner.scan()) {
    if (token === wanted) return scanner.getTokenOffset();
    if (token === tokens.end) return undefined;
  }
  return undefined;
}
