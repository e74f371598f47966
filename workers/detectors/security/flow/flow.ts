/**
 * Follows a value back to where it comes from: through names, members, texts that are put together, calls of functions
 * of the same file and methods of strings and lists. Starts at a place that can do harm, so a file without such a place
 * costs nothing. A function of which nothing is known ends the way: it may have made the value harmless. Lives as long
 * as the check of one file.
 */
import { propertyOf, unwrapped } from '../../../rules/names.ts';
import type { Script, SourceFile } from '../../../rules/source-file.ts';
import {
  isFunction,
  keyOf,
  type Binding,
  type Definition,
  type FunctionNode,
  type Identifier,
  type Node,
  type NodeOf,
} from '../../../rules/tree.ts';
import { Calls } from './calls.ts';
import { Checks } from './checks.ts';
import * as passing from './passing.ts';
import { commandLineAt, sourceAt } from './sources.ts';
import { ANY_PATH, beginning, guarded, preceded, replaced, type Trace } from './trace.ts';

/** A call that is being followed into a function. */
interface Frame {
  readonly of: FunctionNode;
  readonly arguments: readonly Node[];
  readonly outer: Frame | undefined;
}

const MAXIMUM_DEPTH = 40;
const MAXIMUM_FRAMES = 4;

const flows = new WeakMap<Script, Flow>();
const flowsFromParameters = new WeakMap<Script, Flow>();

/** @param fromParameters whether parameters of functions that nothing in the file calls are sources */
export function flowOf(file: SourceFile, script: Script, fromParameters = false): Flow {
  const known = fromParameters ? flowsFromParameters : flows;
  let flow = known.get(script);
  if (!flow) known.set(script, (flow = new Flow(file, script, fromParameters)));
  return flow;
}

export class Flow {
  readonly #file: SourceFile;
  readonly #script: Script;
  readonly #checks: Checks;
  readonly #calls: Calls;
  readonly #fromParameters: boolean;
  readonly #known = new Map<Node, Trace | undefined>();
  readonly #open = new Set<Node>();
  #fields: ReadonlyMap<string, readonly Node[]> | undefined;

  constructor(file: SourceFile, script: Script, fromParameters: boolean) {
    this.#file = file;
    this.#fromParameters = fromParameters;
    this.#script = script;
    this.#checks = new Checks(file, script);
    this.#calls = new Calls(script);
  }

  /** The way to a value that nothing has checked. */
  trace(node: Node): Trace | undefined {
    const found = this.traceOfPath(node);
    return found?.isChecked ? undefined : found;
  }

  /** Also the way to a value that has been checked, for those who look at what is left of a path. */
  traceOfPath(node: Node): Trace | undefined {
    return this.#trace(node, undefined, 0);
  }

  /** Whether the code checks a value at the place where it is used. */
  isChecked(use: Node): boolean {
    return this.#checks.factsOf(use).size > 0;
  }

  #trace(outer: Node, frame: Frame | undefined, depth: number): Trace | undefined {
    const node = unwrapped(outer);
    this.#file.step();
    if (frame === undefined && this.#known.has(node)) return this.#known.get(node);
    if (depth > MAXIMUM_DEPTH || this.#open.has(node)) return undefined;
    this.#open.add(node);
    const found = this.#follow(node, frame, depth + 1);
    this.#open.delete(node);
    if (frame === undefined) this.#known.set(node, found);
    return found;
  }

  #follow(node: Node, frame: Frame | undefined, depth: number): Trace | undefined {
    switch (node.type) {
      case 'Identifier':
        return this.#ofName(node, frame, depth);
      case 'MemberExpression':
        return this.#ofMember(node, frame, depth);
      case 'CallExpression':
        return this.#ofCall(node, frame, depth);
      case 'NewExpression':
        return this.#ofNew(node, frame, depth);
      case 'TemplateLiteral':
        return this.#ofParts(passing.partsOfTemplate(node), node, frame, depth);
      case 'TaggedTemplateExpression':
        return this.#script.names.pathOf(node.tag) === 'global:String.raw'
          ? this.#ofParts(passing.partsOfTemplate(node.quasi), node, frame, depth)
          : undefined;
      case 'BinaryExpression':
        return node.operator === '+' ? this.#ofParts(passing.partsOfSum(node), node, frame, depth) : undefined;
      case 'ConditionalExpression':
        return this.#any([node.consequent, node.alternate], frame, depth);
      case 'LogicalExpression':
        return this.#any(node.operator === '&&' ? [node.right] : [node.left, node.right], frame, depth);
      case 'AssignmentExpression':
        return this.#trace(node.right, frame, depth);
      case 'SequenceExpression': {
        const last = node.expressions.at(-1);
        return last && this.#trace(last, frame, depth);
      }
      case 'ArrayExpression':
        return this.#any(
          node.elements.filter((one) => one !== null),
          frame,
          depth,
        );
      case 'SpreadElement':
        return this.#trace(node.argument, frame, depth);
      case 'ObjectExpression': {
        const values = node.properties.map((one) => (one.type === 'SpreadElement' ? one.argument : one.value));
        const found = this.#any(values, frame, depth);
        return found && { ...found, isStart: false };
      }
      default:
        return undefined;
    }
  }

  #any(nodes: readonly Node[], frame: Frame | undefined, depth: number): Trace | undefined {
    let checked: Trace | undefined;
    for (const node of nodes) {
      const found = this.#trace(node, frame, depth);
      if (found && !found.isChecked) return found;
      checked ??= found;
    }
    return checked;
  }

  #source(node: Node): Trace | undefined {
    const path = this.#script.names.pathOf(node);
    const source = sourceAt(path) ?? (this.#fromParameters ? commandLineAt(path) : undefined);
    if (source === undefined) return undefined;
    return beginning(source, node, `\`${source.label}\` comes from outside.`);
  }

  #ofName(node: Identifier, frame: Frame | undefined, depth: number): Trace | undefined {
    const found = this.#ofBinding(node, frame, depth);
    return found && guarded(found, this.#checks.factsOf(node));
  }

  #ofBinding(node: Identifier, frame: Frame | undefined, depth: number): Trace | undefined {
    const binding = this.#script.tree.binding(node);
    const source = this.#source(node);
    const definition = binding?.definitions[0];
    if (source && binding && definition?.kind === 'value') {
      const [first] = source.steps;
      const steps = [
        { at: definition.node, message: first?.message ?? '' },
        { at: definition.at, message: `It gets into \`${binding.name}\`.` },
      ];
      return { ...source, origin: definition.node, steps };
    }
    if (source) return source;
    if (binding === undefined) return undefined;
    let checked: Trace | undefined;
    for (const definition of this.#reaching(binding, node)) {
      const found = this.#ofDefinition(definition, binding, frame, depth);
      const trace = found && { ...found, around: this.#textsOf(binding) + found.around };
      if (trace && !trace.isChecked) return trace;
      checked ??= trace;
    }
    return checked ?? this.#ofContents(binding, node, frame, depth);
  }

  #ofDefinition(definition: Definition, binding: Binding, frame: Frame | undefined, depth: number): Trace | undefined {
    switch (definition.kind) {
      case 'value':
      case 'element': {
        const { node, parts, at } = definition;
        const [part] = parts;
        // Of an object that is written there, only what is picked counts.
        const picked = typeof part === 'string' && part !== '...' ? this.#script.names.property(node, part) : undefined;
        if (part === 'length' || part === 'size') return undefined;
        const found = this.#trace(picked === undefined || picked === 'unclear' ? node : picked, frame, depth);
        if (found === undefined) return undefined;
        const isAppended = at.type === 'AssignmentExpression' && at.operator !== '=';
        const step = { at, message: `It gets into \`${binding.name}\`.` };
        return {
          ...found,
          ...(isAppended ? preceded(found, undefined) : {}),
          isStart: found.isStart && !isAppended,
          isWhole: found.isWhole && !isAppended,
          steps: [...found.steps, step],
        };
      }
      case 'parameter':
        return this.#ofParameter(definition, binding, frame, depth);
      default:
        return undefined;
    }
  }

  #ofParameter(
    { of, index }: Extract<Definition, { kind: 'parameter' }>,
    { name }: Binding,
    frame: Frame | undefined,
    depth: number,
  ): Trace | undefined {
    if (frame?.of === of) {
      const argument = frame.arguments[index];
      return argument && this.#trace(argument, frame.outer, depth);
    }
    let isCalled = false;
    let checked: Trace | undefined;
    for (const { call, argument, within } of this.#calls.of(of, index)) {
      isCalled = true;
      if (argument === undefined) continue;
      const found = this.#trace(argument, within && { ...within, outer: undefined }, depth);
      if (!found) continue;
      const trace = { ...found, steps: [...found.steps, { at: call, message: `It is passed on as \`${name}\`.` }] };
      if (!trace.isChecked) return trace;
      checked ??= trace;
    }
    // Who calls a callback is known: it is the function that it is given to.
    const isCallback = this.#script.tree.parent(of)?.type === 'CallExpression';
    if (!this.#fromParameters || isCalled || isCallback) return checked;
    const parameter = of.params[index] ?? of;
    const source = { kind: 'parameter', label: name, isStructured: false } as const;
    return beginning(source, parameter, `Callers choose \`${name}\`.`);
  }

  /** What a name was last given before it is used, and whatever it may be given in between. */
  #reaching({ definitions }: Binding, use: Node): readonly Definition[] {
    if (definitions.length < 2) return definitions;
    const { tree } = this.#script;
    const around = new Set<Node>([...tree.ancestors(use)]);
    const own = tree.functionAround(use);
    let last: Definition | undefined;
    for (const definition of definitions) {
      if (definition.kind !== 'value' || definition.at.end > use.start) continue;
      if (definition.at.type === 'AssignmentExpression' && definition.at.operator !== '=') continue;
      if (definition.at.type === 'AssignmentPattern') continue;
      const statement = tree.parent(definition.at);
      const block = statement && tree.parent(statement);
      if (block && around.has(block) && (last?.kind !== 'value' || last.at.start < definition.at.start))
        last = definition;
    }
    if (last?.kind !== 'value') return definitions;
    const from = last.at.start;
    return definitions.filter((one) => {
      if (one.kind !== 'value') return false;
      if (one.at.start < from) return false;
      return (
        one === last || one.at.start < use.start || tree.functionAround(one.at) !== own || isInLoop(one.at, around)
      );
    });

    function isInLoop(at: Node, outer: ReadonlySet<Node>): boolean {
      for (const one of tree.ancestors(at)) if (/^(?:For|While|DoWhile)/.test(one.type) && outer.has(one)) return true;
      return false;
    }
  }

  /** The constant texts that a name is given, for names whose text is made in pieces. */
  #textsOf({ definitions }: Binding): string {
    if (definitions.length < 2) return '';
    let texts = '';
    for (const definition of definitions) {
      if (definition.kind === 'value') texts += this.#script.names.stringOf(definition.node) ?? '';
    }
    return texts;
  }

  /** What is put into an object or a list that a name stands for. */
  #ofContents(
    binding: Binding,
    use: Node,
    frame: Frame | undefined,
    depth: number,
    property?: string,
  ): Trace | undefined {
    const { tree } = this.#script;
    for (const reference of binding.references) {
      if (reference.start >= use.start) break;
      const member = tree.parent(reference);
      if (member?.type !== 'MemberExpression' || member.object !== reference) continue;
      const name = propertyOf(member);
      const outer = tree.parent(member);
      if (outer?.type === 'AssignmentExpression' && outer.left === member && outer.right !== use) {
        if (property !== undefined && name !== undefined && name !== property) continue;
        const found = this.#trace(outer.right, frame, depth);
        if (found)
          return { ...found, steps: [...found.steps, { at: outer, message: `It gets into \`${binding.name}\`.` }] };
      }
      if (
        property === undefined &&
        outer?.type === 'CallExpression' &&
        outer.callee === member &&
        (name === 'push' || name === 'unshift' || name === 'append' || name === 'set')
      ) {
        const found = this.#any(outer.arguments, frame, depth);
        if (found)
          return {
            ...found,
            isStart: false,
            steps: [...found.steps, { at: outer, message: `It gets into \`${binding.name}\`.` }],
          };
      }
    }
    return undefined;
  }

  #ofMember(node: NodeOf<'MemberExpression'>, frame: Frame | undefined, depth: number): Trace | undefined {
    const name = propertyOf(node);
    if (name === 'length' || name === 'size') return undefined;
    const found = this.#ofPart(node, name, frame, depth);
    return found && guarded(found, this.#checks.factsOf(node));
  }

  #ofPart(
    node: NodeOf<'MemberExpression'>,
    name: string | undefined,
    frame: Frame | undefined,
    depth: number,
  ): Trace | undefined {
    const source = this.#source(node);
    if (source) return source;
    const { tree, names } = this.#script;
    const object = unwrapped(node.object);
    if (object.type === 'ThisExpression' && name !== undefined) {
      return this.#any(this.#fieldsOf().get(name) ?? [], frame, depth);
    }
    if (name !== undefined && object.type === 'Identifier') {
      const binding = tree.binding(object);
      const written = binding && this.#ofContents(binding, node, frame, depth, name);
      if (written) return written;
      if (binding && this.#isOverwritten(binding, node, name)) return undefined;
      const value = names.property(object, name);
      if (value !== undefined && value !== 'unclear') return this.#trace(value, frame, depth);
      if (names.objectOf(object) && value === undefined) return undefined;
    }
    const found = this.#trace(object, frame, depth);
    // One value of an address: it leads wherever it says, and not to where the address does.
    return found && (name === 'query' || name === 'searchParams') ? { ...found, isPicked: true } : found;
  }

  /** Whether the member was given another value in the same block, or one around it, before it is used. */
  #isOverwritten({ references }: Binding, use: Node, name: string): boolean {
    const { tree } = this.#script;
    const around = new Set<Node>([...tree.ancestors(use)]);
    return references.some((reference) => {
      const member = tree.parent(reference);
      if (member?.type !== 'MemberExpression' || member.object !== reference || propertyOf(member) !== name)
        return false;
      const assignment = tree.parent(member);
      if (assignment?.type !== 'AssignmentExpression' || assignment.left !== member || assignment.end > use.start)
        return false;
      const statement = tree.parent(assignment);
      const block = statement && tree.parent(statement);
      return block !== undefined && around.has(block);
    });
  }

  /** Values that are given to `this.name` anywhere in the file. */
  #fieldsOf(): ReadonlyMap<string, readonly Node[]> {
    if (this.#fields) return this.#fields;
    const fields = new Map<string, Node[]>();
    for (const member of this.#script.tree.all('PropertyDefinition')) {
      const name = keyOf(member);
      if (name !== undefined && member.value && !isFunction(member.value)) fields.set(name, [member.value]);
    }
    for (const { left, right } of this.#script.tree.all('AssignmentExpression')) {
      if (left.type !== 'MemberExpression' || left.object.type !== 'ThisExpression') continue;
      const name = propertyOf(left);
      if (name === undefined) continue;
      const list = fields.get(name);
      if (list) list.push(right);
      else fields.set(name, [right]);
    }
    return (this.#fields = fields);
  }

  #ofNew(
    { callee, arguments: [first] }: NodeOf<'NewExpression'>,
    frame: Frame | undefined,
    depth: number,
  ): Trace | undefined {
    const { names, tree } = this.#script;
    const path = names.pathOf(callee);
    if (!first) return undefined;
    if (passing.MADE_OF_FIRST.test(path)) return this.#trace(first, frame, depth);
    const run = path === 'global:Promise' ? this.#calls.functionOf(first) : undefined;
    const resolve = run?.params[0];
    const binding = resolve?.type === 'Identifier' ? tree.binding(resolve) : undefined;
    // `new Promise((resolve) => resolve(x))`
    const results = (binding?.references ?? []).flatMap((reference) => {
      const call = tree.parent(reference);
      return call?.type === 'CallExpression' && call.callee === reference ? call.arguments.slice(0, 1) : [];
    });
    return this.#any(results, frame, depth);
  }

  #ofCall(node: NodeOf<'CallExpression'>, frame: Frame | undefined, depth: number): Trace | undefined {
    const source = this.#source(node);
    if (source) return guarded(source, this.#checks.factsOf(node));
    const { names } = this.#script;
    const callee = unwrapped(node.callee);
    const path = names.pathOf(callee);
    const method = callee.type === 'MemberExpression' ? (propertyOf(callee) ?? '') : '';
    const name = method || (callee.type === 'Identifier' ? callee.name : '');
    if (passing.FORMATS.test(path)) {
      const [format, ...values] = node.arguments;
      const text = names.stringOf(format);
      if (text === undefined) return this.#any(node.arguments, frame, depth);
      return this.#ofParts(passing.partsOfFormat(text, values), node, frame, depth);
    }
    if (passing.PASSES_ON.test(path) || passing.MAKES_HTML.test(path))
      return this.#ofPassed(path, node.arguments, frame, depth);
    if (passing.MAKES_HARMLESS.test(name)) return undefined;
    const target = this.#calls.functionOf(callee);
    if (target) return this.#ofResult(target, node.arguments, frame, depth);
    return callee.type === 'MemberExpression' ? this.#ofMethod(node, callee.object, method, frame, depth) : undefined;
  }

  /** The result of a function that contains its arguments. */
  #ofPassed(path: string, values: readonly Node[], frame: Frame | undefined, depth: number): Trace | undefined {
    const found = this.#any(values, frame, depth);
    if (!found) return undefined;
    const place = values.findIndex((value) => this.#trace(value, frame, depth) !== undefined);
    if (passing.RESOLVES.test(path)) {
      const isHarmless = !found.path.dots && !found.path.root;
      return { ...found, isStart: true, path: { dots: false, root: !isHarmless, normal: true } };
    }
    if (passing.NORMALIZES.test(path)) {
      // `path.join(root, x)`: the root decides where a path begins.
      const texts = values.slice(0, place).map((value) => this.#textOf(value));
      const before = texts.includes(undefined) ? undefined : texts.join('/');
      const trace = { ...found, ...preceded(found, before) };
      return { ...trace, isStart: found.isStart && place === 0, path: { ...trace.path, normal: true } };
    }
    const isStart = found.isStart && place === 0;
    if (path === 'global:String') return { ...found, isText: true };
    if (path.endsWith('JSON.parse')) {
      const { isText: _wasText, ...parsed } = found;
      return { ...parsed, source: { ...found.source, isStructured: true }, path: ANY_PATH };
    }
    if (passing.MAKES_HTML.test(path))
      return { ...found, isStart: false, isWhole: false, around: `<p>${found.around}` };
    if (path.endsWith('JSON.stringify')) return { ...found, isStart: false, isWhole: false, isJson: true };
    return { ...found, isStart, ...(passing.DECODES.test(path) && isStart ? { path: ANY_PATH } : {}) };
  }

  /** The result of a method of which only the name is known. */
  #ofMethod(
    node: NodeOf<'CallExpression'>,
    object: Node,
    method: string,
    frame: Frame | undefined,
    depth: number,
  ): Trace | undefined {
    const { names } = this.#script;
    const [first] = node.arguments;
    if (method === 'replace' || method === 'replaceAll') return this.#ofReplaced(node, object, frame, depth);
    if (method === 'concat') return this.#ofParts([object, ...node.arguments], node, frame, depth);
    if (method === 'join') {
      const list = names.valueOf(object);
      const separator = first ? names.stringOf(first) : ',';
      if (list.type !== 'ArrayExpression' || separator === undefined || list.elements.length === 0)
        return this.#trace(object, frame, depth);
      return this.#ofParts(passing.partsOfList(list.elements, separator), node, frame, depth);
    }
    if (method === 'exec' && first) {
      const pattern = this.#patternOf(object);
      if (pattern === undefined || !passing.picksAnything(pattern)) return undefined;
      const found = this.#trace(first, frame, depth);
      return found && { ...found, isPicked: true };
    }
    if (passing.GIVES_RESULTS.test(method) && first) {
      const target = this.#calls.functionOf(first);
      if (target) return this.#ofResult(target, [object], frame, depth);
    }
    const kept = passing.KEEPS.test(method) ? this.#trace(object, frame, depth) : undefined;
    if (kept && passing.OF_TEXTS.test(method))
      return {
        ...kept,
        isText: true,
        ...(method.startsWith('sub') ? { isPicked: true } : {}),
        ...(this.#isCut(method, node) ? { isShort: true } : {}),
      };
    if (kept === undefined || !passing.PICKS.test(method)) return kept;
    if (method === 'match') {
      const pattern = first && this.#patternOf(first);
      if (pattern !== undefined && !passing.picksAnything(pattern)) return undefined;
    }
    return { ...kept, isPicked: true, ...(this.#isCut(method, node) ? { isShort: true } : {}) };
  }

  /** The source of a pattern that is constant. */
  #patternOf(node: Node): string | undefined {
    const { names } = this.#script;
    const value = names.valueOf(node);
    if (value.type === 'Literal' && 'regex' in value) return value.regex.pattern;
    if (value.type !== 'NewExpression' && value.type !== 'CallExpression') return undefined;
    const [first] = value.arguments;
    if (names.pathOf(value.callee) !== 'global:RegExp' || !first) return undefined;
    return names.stringOf(first) ?? this.#patternOf(first);
  }

  /** `slice(0, 100)` */
  #isCut(method: string, { arguments: [, end] }: NodeOf<'CallExpression'>): boolean {
    if (!/^(?:slice|substring|substr)$/.test(method)) return false;
    const length = this.#script.names.constantOf(end);
    return typeof length === 'number' && length >= 0;
  }

  #ofReplaced(
    node: NodeOf<'CallExpression'>,
    object: Node,
    frame: Frame | undefined,
    depth: number,
  ): Trace | undefined {
    const found = this.#trace(object, frame, depth);
    const [first, by] = node.arguments;
    if (!found || !first) return found;
    const { names } = this.#script;
    const value = names.valueOf(first);
    const text = names.stringOf(first);
    const isEvery = node.callee.type === 'MemberExpression' && propertyOf(node.callee) === 'replaceAll';
    if (value.type === 'Literal' && value.value instanceof RegExp) {
      value.value.lastIndex = 0;
      return replaced(found, value.value, names.stringOf(by));
    }
    if (text === undefined || !isEvery) return found;
    return replaced(found, new RegExp(text.replace(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`), 'g'), names.stringOf(by));
  }

  #ofResult(of: FunctionNode, values: readonly Node[], frame: Frame | undefined, depth: number): Trace | undefined {
    let frames = 0;
    for (let at = frame; at; at = at.outer) frames++;
    if (frames >= MAXIMUM_FRAMES || !of.body) return undefined;
    const inner: Frame = { of, arguments: values, outer: frame };
    const { tree } = this.#script;
    const results: Node[] = [];
    if (of.body.type !== 'BlockStatement') results.push(of.body);
    else {
      for (const { argument, start, end } of tree.all('ReturnStatement')) {
        if (start < of.start || end > of.end || !argument) continue;
        if (tree.functionAround(argument) === of) results.push(argument);
      }
    }
    return this.#any(results, inner, depth);
  }

  #ofParts(parts: readonly (string | Node)[], node: Node, frame: Frame | undefined, depth: number): Trace | undefined {
    let around = '';
    let found: Trace | undefined;
    let before: string | undefined = '';
    let isAtStart = true;
    for (const part of parts) {
      const text = typeof part === 'string' ? part : this.#textOf(part);
      if (text !== undefined) {
        around += text;
        if (text !== '' && !/^(?:https?:)?(?:\/\/)?$/.test(text)) isAtStart = false;
        if (!found && before !== undefined) before += text;
        continue;
      }
      if (found === undefined || found.isChecked) {
        const trace = this.#trace(part as Node, frame, depth);
        if (trace && (!found || !trace.isChecked))
          found = { ...trace, ...preceded(trace, before), isStart: isAtStart && trace.isStart };
      }
      around += HOLE;
      if (!found) before = undefined;
      isAtStart = false;
    }
    if (found === undefined) return undefined;
    const step = { at: node, message: 'It becomes part of a text.' };
    return { ...found, isWhole: false, around: around + found.around, steps: [...found.steps, step] };
  }

  #textOf(node: Node): string | undefined {
    const value = this.#script.names.constantOf(node);
    return value === undefined ? undefined : String(value);
  }
}

/** Stands for a part that is not constant. */
const HOLE = '\uE000';
