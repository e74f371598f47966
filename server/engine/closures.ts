/**
 * One hash for everything that a file's issues may depend on through imports: the interface signatures of all files that
 * it imports, directly or not. Pure; created for one computation of fingerprints.
 */
import type { InterfaceSignature } from '../../workers/protocol/detector-protocol.ts';
import { hashLines, type Inputs } from './inputs.ts';
import { isScript } from './change-triggers.ts';

/** An interface signature, and the hash of the content that it describes. */
export interface KnownSignature {
  readonly hash: string;
  readonly signature: InterfaceSignature;
}

interface Node {
  readonly file: string;
  /** Order of the visit, and the lowest index reachable from here among nodes without a component. */
  readonly index: number;
  low: number;
  /** Whether its component is complete. */
  done: boolean;
  readonly targets: readonly string[];
  next: number;
}

export class Closures {
  readonly #files: Inputs['files'];
  readonly #signatures: ReadonlyMap<string, KnownSignature>;
  readonly #nodes = new Map<string, Node>();
  /** Undefined: the file may depend on anything. */
  readonly #hashes = new Map<string, string | undefined>();
  #rest: string | undefined;

  constructor({ files }: Pick<Inputs, 'files'>, signatures: ReadonlyMap<string, KnownSignature>) {
    this.#files = files;
    this.#signatures = signatures;
  }

  /** @returns undefined: it may depend on any file */
  hashOf(file: string): string | undefined {
    if (!this.#nodes.has(file)) this.#visit(file);
    const own = this.#hashes.get(file);
    return own === undefined ? undefined : hashLines([this.#everywhere(), own]);
  }

  /** What affects every file: names, contents without a signature, and files with global types. */
  #everywhere(): string {
    this.#rest ??= hashLines(
      [...this.#files].map(([file, hash]) => {
        const known = this.#signatures.get(file);
        if (!known) return `content ${file} ${hash}`;
        return known.signature.global === true ? this.#lineOf(file) : `name ${file}`;
      }),
    );
    return this.#rest;
  }

  #lineOf(file: string): string {
    const known = this.#signatures.get(file);
    const hash = this.#files.get(file) ?? '';
    if (known?.hash !== hash) return `changed ${file} ${hash}`;
    return `seen ${file} ${known.signature.types} ${known.signature.modules}`;
  }

  /** Tarjan's strongly connected components, without recursion: import cycles are one component. */
  #visit(start: string): void {
    const path: Node[] = [];
    const open: Node[] = [];
    const enter = (file: string): void => {
      const index = this.#nodes.size;
      const targets = (this.#signatures.get(file)?.signature.imports ?? []).filter((target) => isScript(target));
      const node: Node = { file, index, low: index, done: false, targets, next: 0 };
      this.#nodes.set(file, node);
      path.push(node);
      open.push(node);
    };
    enter(start);
    for (let node = path.at(-1); node !== undefined; node = path.at(-1)) {
      const target = node.targets[node.next];
      if (target !== undefined) {
        node.next += 1;
        const known = this.#nodes.get(target);
        if (!known) enter(target);
        else if (!known.done) node.low = Math.min(node.low, known.index);
        continue;
      }
      path.pop();
      const above = path.at(-1);
      if (above) above.low = Math.min(above.low, node.low);
      if (node.low === node.index) this.#close(open.splice(open.indexOf(node)));
    }
  }

  #close(members: readonly Node[]): void {
    const lines = new Set<string>();
    let isKnown = true;
    const own = new Set(members.map(({ file }) => file));
    for (const { file, targets } of members) {
      isKnown &&= this.#signatures.get(file)?.signature.imports !== undefined;
      lines.add(this.#lineOf(file));
      for (const target of targets) {
        if (own.has(target)) continue;
        const hash = this.#hashes.get(target);
        if (hash === undefined) isKnown = false;
        else lines.add(hash);
      }
    }
    const hash = isKnown ? hashLines(lines) : undefined;
    for (const node of members) {
      node.done = true;
      this.#hashes.set(node.file, hash);
    }
  }
}
