/**
 * What can be done about an issue of knip: remove the `export`, mark it as public, remove a dependency or a member. All of
 * them are suggestions, because something that knip does not see may use it. Pure.
 */
import { findNodeAtLocation, modify, parseTree } from 'jsonc-parser';
import type { Node } from 'oxc-parser';
import { lineTableOf, positionAt, rangeAt, type LineTable } from '../../graph/lines.ts';
import { isModuleFile, parseScripts } from '../../graph/record.ts';
import { childrenOf } from '../../graph/syntax.ts';
import type { Fix, TextEdit } from '../../protocol/detector-protocol.ts';
import type { KnipIssue } from './report.ts';

/** @param offset where the name is in the text */
export function fixesOf(issue: KnipIssue, text: string, offset: number): readonly Fix[] {
  const { type, file, name } = issue;
  switch (type) {
    case 'dependencies':
    case 'devDependencies':
      return isManifest(file) ? dependencyFixes(type, name, text) : [];
    case 'exports':
    case 'nsExports':
    case 'types':
    case 'nsTypes':
    case 'duplicates':
      return new Script(file, text).exportFixes(name, offset);
    case 'enumMembers':
    case 'classMembers':
      return new Script(file, text).memberFixes(name, offset);
    default:
      return [];
  }
}

function isManifest(file: string): boolean {
  return /(^|\/)package\.json$/.test(file);
}

function dependencyFixes(type: string, name: string, text: string): readonly Fix[] {
  const sections = type === 'devDependencies' ? ['devDependencies'] : ['dependencies', 'optionalDependencies'];
  const tree = parseTree(text);
  for (const section of sections) {
    if (tree === undefined || findNodeAtLocation(tree, [section, name]) === undefined) continue;
    const [edit] = modify(text, [section, name], undefined, {});
    if (edit === undefined) continue;
    const range = rangeAt(lineTableOf(text), edit.offset, edit.offset + edit.length);
    return [{ title: `Remove '${name}'`, kind: 'suggestion', edits: [{ range, newText: edit.content }] }];
  }
  return [];
}

/** A text and its tree. Lives as long as the search for fixes of one issue. */
class Script {
  readonly #text: string;
  readonly #lines: LineTable;
  readonly #roots: readonly Node[];

  constructor(file: string, text: string) {
    this.#text = text;
    this.#lines = lineTableOf(text);
    this.#roots = isModuleFile(file) ? (parseScripts(file, text)?.map(({ program }) => program) ?? []) : [];
  }

  exportFixes(name: string, offset: number): readonly Fix[] {
    const statement = this.#pathTo(offset).find(({ type }) => /^Export\w+Declaration$/.test(type));
    if (statement?.type === 'ExportDefaultDeclaration') return this.#defaultFixes(statement);
    if (statement?.type !== 'ExportNamedDeclaration') return [];
    const { declaration, specifiers } = statement;
    const removal = declaration
      ? this.#edit(statement.start, declaration.start)
      : this.#removalOf(specifiers, offset, statement);
    if (removal === undefined) return [];
    const isAlone = declaration !== null || specifiers.length === 1;
    // `export const a = 1, b = 2` exports both.
    const isShared = declaration?.type === 'VariableDeclaration' && declaration.declarations.length > 1;
    const keyword = declaration ? 'Remove the export keyword' : `Remove '${name}' from the exports`;
    return [...(isShared ? [] : [suggestion(keyword, removal)]), ...(isAlone ? this.#publicFix(statement) : [])];
  }

  memberFixes(name: string, offset: number): readonly Fix[] {
    const path = this.#pathTo(offset);
    const member = path.findLast(({ type }) => /^(?:TSEnumMember|MethodDefinition|PropertyDefinition)$/.test(type));
    if (member === undefined) return [];
    const after = /^[ \t]*,?/.exec(this.#text.slice(member.end))?.[0].length ?? 0;
    return [suggestion(`Remove '${name}'`, this.#line(member.start, member.end + after))];
  }

  /** A default export with a name stays as a declaration, and one of a name goes. */
  #defaultFixes(statement: Extract<Node, { type: 'ExportDefaultDeclaration' }>): readonly Fix[] {
    const { declaration } = statement;
    if (declaration.type === 'Identifier') {
      return [
        suggestion('Remove the default export', this.#line(statement.start, statement.end)),
        ...this.#publicFix(statement),
      ];
    }
    const isNamed = 'id' in declaration && declaration.id !== null;
    const removal = suggestion('Remove the export keyword', this.#edit(statement.start, declaration.start));
    return [...(isNamed ? [removal] : []), ...this.#publicFix(statement)];
  }

  /** knip never reports what has this tag. */
  #publicFix({ start }: Node): readonly Fix[] {
    const before = this.#text.slice(0, start);
    const documented = /\/\*\*(?:(?!\*\/)[^])*?(\s*)\*\/\s*$/.exec(before);
    const lineStart = before.lastIndexOf('\n') + 1;
    const indent = before.slice(lineStart);
    if (indent.trim() !== '') return [];
    if (documented === null) return [this.#public(start, `/** @public */\n${indent}`)];
    const end = documented.index + documented[0].lastIndexOf('*/');
    const isOneLine = !this.#text.slice(documented.index, end).includes('\n');
    const space = isOneLine && /\s$/.test(this.#text.slice(0, end)) ? '' : ' ';
    return [this.#public(end, isOneLine ? `${space}@public ` : `* @public\n${indent} `)];
  }

  #public(offset: number, newText: string): Fix {
    return suggestion('Mark it as public (@public), so that knip accepts it', this.#edit(offset, offset, newText));
  }

  /** One of the names in braces, or the whole statement. */
  #removalOf(specifiers: readonly Node[], offset: number, statement: Node): TextEdit | undefined {
    const index = specifiers.findIndex(({ start, end }) => start <= offset && offset < end);
    const specifier = specifiers[index];
    if (specifier === undefined) return undefined;
    if (specifiers.length === 1) return this.#line(statement.start, statement.end);
    const next = specifiers[index + 1];
    const previous = specifiers[index - 1];
    if (next) return this.#edit(specifier.start, next.start);
    return previous && this.#edit(previous.end, specifier.end);
  }

  /** Removes a part, with its line if nothing else is there. */
  #line(start: number, end: number): TextEdit {
    const lineStart = this.#text.lastIndexOf('\n', start - 1) + 1;
    const rest = /^[ \t]*;?[ \t]*(\r?\n|$)/.exec(this.#text.slice(end))?.[0];
    const isAlone = this.#text.slice(lineStart, start).trim() === '' && rest !== undefined;
    return isAlone ? this.#edit(lineStart, end + rest.length) : this.#edit(start, end);
  }

  #edit(start: number, end: number, newText = ''): TextEdit {
    return { range: { start: positionAt(this.#lines, start), end: positionAt(this.#lines, end) }, newText };
  }

  /** The nodes that contain an offset, the outermost first. */
  #pathTo(offset: number): readonly Node[] {
    const path: Node[] = [];
    const within = ({ start, end }: Node): boolean => start <= offset && offset < end;
    for (let node = this.#roots.find(within); node; node = childrenOf(node).find(within)) path.push(node);
    return path;
  }
}

function suggestion(title: string, edit: TextEdit): Fix {
  return { title, kind: 'suggestion', edits: [edit] };
}
