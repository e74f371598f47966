/** Ranges in the text of a package.json, and edits of it. Pure. */
import { applyEdits, modify, parseTree, findNodeAtLocation, type Node } from 'jsonc-parser';
import { dependenciesOf, type Dependency } from '../../graph/installed.ts';
import { lineTableOf, rangeAt, type LineTable } from '../../graph/lines.ts';
import type { Manifest } from '../../graph/manifests.ts';
import type { Range, TextEdit } from '../../protocol/detector-protocol.ts';

/** By name. */
export type Declared = ReadonlyMap<string, readonly Dependency[]>;

export class ManifestFile {
  readonly manifest: Manifest;
  readonly declared: Declared;
  readonly #lines: LineTable;
  readonly #tree: Node | undefined;

  constructor(manifest: Manifest) {
    this.manifest = manifest;
    this.declared = Map.groupBy(dependenciesOf(manifest), ({ name }) => name);
    this.#lines = lineTableOf(manifest.text);
    // A text that is no JSON has no other findings.
    this.#tree = manifest.isValid ? parseTree(manifest.text) : undefined;
  }

  get start(): Range {
    return this.#range(0, 0);
  }

  /** The range of an entry, key and value; if it does not exist, of its closest existing parent. */
  place(...path: readonly (string | number)[]): Range {
    for (let length = path.length; length > 0; length--) {
      const node = this.#tree && findNodeAtLocation(this.#tree, path.slice(0, length));
      const entry = node?.parent?.type === 'property' ? node.parent : node;
      if (entry) return this.#range(entry.offset, entry.offset + entry.length);
    }
    return this.start;
  }

  /** Duplicate keys: the path of the object and the range of the later entry. */
  *repeatedKeys(): Generator<{ readonly path: readonly string[]; readonly key: string; readonly range: Range }> {
    const pending: { readonly node: Node; readonly path: readonly string[] }[] = this.#tree
      ? [{ node: this.#tree, path: [] }]
      : [];
    for (let next = pending.pop(); next; next = pending.pop()) {
      if (next.node.type !== 'object') continue;
      const seen = new Set<string>();
      for (const property of next.node.children ?? []) {
        const key = String(property.children?.[0]?.value);
        if (seen.has(key))
          yield { path: next.path, key, range: this.#range(property.offset, property.offset + property.length) };
        seen.add(key);
        const value = property.children?.[1];
        if (value) pending.push({ node: value, path: [...next.path, key] });
      }
    }
  }

  /** One edit that sets entries, or removes them with `undefined`, in the indentation of the file. */
  edit(changes: readonly { readonly path: readonly string[]; readonly value: string | undefined }[]): TextEdit {
    const { text, file } = this.manifest;
    const indent = /^([ \t]+)"/m.exec(text)?.[1] ?? '  ';
    const formattingOptions = {
      tabSize: indent.length,
      insertSpaces: !indent.startsWith('\t'),
      eol: text.includes('\r\n') ? '\r\n' : '\n',
    };
    let edited = text;
    for (const { path, value } of changes) {
      const [section = '', name] = path;
      const parent = this.#tree && findNodeAtLocation(this.#tree, [section]);
      // A section that is no object becomes one.
      const isReplaced = name !== undefined && parent !== undefined && parent.type !== 'object';
      const edits = isReplaced
        ? modify(edited, [section], { [name]: value }, { formattingOptions })
        : modify(edited, [...path], value, { formattingOptions });
      edited = applyEdits(edited, edits);
    }
    return { file, ...this.#difference(edited) };
  }

  #difference(edited: string): { readonly range: Range; readonly newText: string } {
    const { text } = this.manifest;
    const limit = Math.min(text.length, edited.length);
    let start = 0;
    while (start < limit && text[start] === edited[start]) start++;
    let end = 0;
    while (end < limit - start && text[text.length - 1 - end] === edited[edited.length - 1 - end]) end++;
    return { range: this.#range(start, text.length - end), newText: edited.slice(start, edited.length - end) };
  }

  #range(start: number, end: number): Range {
    return rangeAt(this.#lines, start, end);
  }
}
