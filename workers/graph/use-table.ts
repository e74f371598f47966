/** Collects the uses of names in a module, and tells which of them happen while it loads. */
import { interned } from './interned.ts';

export interface Use {
  /** Offset of the identifier, UTF-16 code units. */
  readonly start: number;
  readonly end: number;
  /** Property read of a namespace: `ns.name`. */
  readonly member?: string;
  /** It is called, made an instance of, or extended. */
  readonly isCalled?: true;
  /** It runs whenever the module loads: it is not in a function, a branch or a `try`. */
  readonly atLoad: boolean;
}

export interface ModuleUses {
  /** Value uses of each top-level name, imports included. */
  readonly values: ReadonlyMap<string, readonly Use[]>;
  /** Top-level names that are initialized before the module runs: function declarations, and `var` as undefined. */
  readonly hoisted: ReadonlySet<string>;
}

/** `load`: whenever the module loads; `maybe`: then, in a branch or a `try`; `later`: when something is called. */
export type Timing = 'load' | 'maybe' | 'later';

export interface Place {
  readonly timing: Timing;
  /** The top-level function that directly contains this, if any. */
  readonly inFunction: string | undefined;
}

interface FoundUse extends Use {
  readonly name: string;
  readonly inFunction: string | undefined;
}

export class UseTable {
  readonly #found: FoundUse[] = [];
  readonly #hoisted = new Set<string>();
  /** Calls of top-level functions, from the top level or from each other. */
  readonly #calls: (Place & { readonly name: string })[] = [];
  readonly #functions = new Set<string>();

  addHoisted(name: string): void {
    this.#hoisted.add(name);
  }

  /** A function declaration at the top level. */
  addFunction(name: string): void {
    this.#hoisted.add(name);
    this.#functions.add(name);
  }

  addCall(name: string, { timing, inFunction }: Place): void {
    this.#calls.push({ name, timing, inFunction });
  }

  addUse(
    name: string,
    { start, end }: Pick<Use, 'start' | 'end'>,
    { timing, inFunction }: Place,
    how: Pick<Use, 'member' | 'isCalled'>,
  ): void {
    this.#found.push({ name, start, end, atLoad: timing === 'load', inFunction, ...how });
  }

  result(): ModuleUses {
    const running = this.#functionsRunAtLoad();
    const values = new Map<string, Use[]>();
    for (const { name, inFunction, start, end, member, isCalled, atLoad } of this.#found) {
      const list = values.get(name);
      const use: Use = {
        start,
        end,
        atLoad: atLoad && (inFunction === undefined || running.has(inFunction)),
        ...(member === undefined ? {} : { member: interned(member) }),
        ...(isCalled === true ? { isCalled } : {}),
      };
      if (list) list.push(use);
      else values.set(interned(name), [use]);
    }
    return { values, hoisted: new Set(Array.from(this.#hoisted, interned)) };
  }

  #functionsRunAtLoad(): ReadonlySet<string> {
    const running = new Set<string>();
    for (let grew = true; grew;) {
      grew = false;
      for (const { name, timing, inFunction } of this.#calls) {
        const runs = timing === 'load' && (inFunction === undefined || running.has(inFunction));
        if (!runs || running.has(name) || !this.#functions.has(name)) continue;
        running.add(name);
        grew = true;
      }
    }
    return running;
  }
}
