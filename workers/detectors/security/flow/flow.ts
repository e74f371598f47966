/**
 * Follows a value back to where it comes from: through names, members, texts that are put together, calls of functions
 * of the same file and methods of strings and lists. Starts at a place that can do harm, so a file without such a place
 * costs nothing. A function of which nothing is known ends the way: it may have made the value harmless. Lives as long
 * as the check of one file.
 */
import type { Step } from '../../../rules/rule.ts';
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
import { Checks } from './checks.ts';
import { sourceAt, type Source } from './sources.ts';

/** A way from a source to an expression. */
export interface Trace {
  readonly source: Source;
  readonly origin: Node;
  readonly steps: readonly Step[];
  /** The text begins with it, so whoever chooses it chooses the host of an address, or the root of a path. */
  readonly isStart: boolean;
  /** The constant texts around it. */
  readonly around: string;
  /** It is the value as it came, or a member of it: not a text that was made with it. */
  readonly isWhole: boolean;
  /** A part was picked from a text, such as one value of an address. */
  readonly isPicked?: true;
  /** It is at most so many characters of a text. */
  readonly isShort?: true;
}

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
  readonly #fromParameters: boolean;
  readonly #known = new Map<Node, Trace | undefined>();
  readonly #open = new Set<Node>();
  #fields: ReadonlyMap<string, readonly Node[]> | undefined;
  #methodCalls: ReadonlyMap<string, readonly NodeOf<'CallExpression'>[]> | undefined;

  constructor(file: SourceFile, script: Script, fromParameters: boolean) {
    this.#file = file;
    this.#fromParameters = fromParameters;
    this.#script = script;
    this.#checks = new Checks(script.tree, script.names, file.text);
  }

  trace(node: Node): Trace | undefined {
    return this.#trace(node, undefined, 0);
  }

  /** Whether the code checks a value at the place where it is used. */
  isChecked(use: Node): boolean {
    return this.#checks.isChecked(use);
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
        return MADE_OF_FIRST.test(this.#script.names.pathOf(node.callee)) && node.arguments[0]
          ? this.#trace(node.arguments[0], frame, depth)
          : undefined;
      case 'TemplateLiteral':
        return this.#ofParts(partsOfTemplate(node), node, frame, depth);
      case 'TaggedTemplateExpression':
        return this.#script.names.pathOf(node.tag) === 'global:String.raw'
          ? this.#ofParts(partsOfTemplate(node.quasi), node, frame, depth)
          : undefined;
      case 'BinaryExpression':
        return node.operator === '+' ? this.#ofParts(partsOfSum(node), node, frame, depth) : undefined;
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
    for (const node of nodes) {
      const found = this.#trace(node, frame, depth);
      if (found) return found;
    }
    return undefined;
  }

  #source(node: Node): Trace | undefined {
    const source = sourceAt(this.#script.names.pathOf(node));
    if (source === undefined) return undefined;
    const step = { at: node, message: `\`${source.label}\` comes from outside.` };
    return { source, origin: node, steps: [step], isStart: true, around: '', isWhole: true };
  }

  #ofName(node: Identifier, frame: Frame | undefined, depth: number): Trace | undefined {
    if (this.#checks.isChecked(node)) return undefined;
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
    for (const definition of this.#reaching(binding, node)) {
      const found = this.#ofDefinition(definition, binding, frame, depth);
      if (found) return { ...found, around: this.#textsOf(binding) + found.around };
    }
    return this.#ofContents(binding, node, frame, depth);
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
    for (const { call, argument } of this.#callsOf(of, index)) {
      isCalled = true;
      if (argument === undefined) continue;
      const found = this.#trace(argument, undefined, depth);
      if (found) return { ...found, steps: [...found.steps, { at: call, message: `It is passed on as \`${name}\`.` }] };
    }
    if (!this.#fromParameters || isCalled) return undefined;
    const parameter = of.params[index] ?? of;
    const step = { at: parameter, message: `Callers choose \`${name}\`.` };
    const source = { kind: 'parameter', label: name, isStructured: false } as const;
    return { source, origin: parameter, steps: [step], isStart: true, around: '', isWhole: true };
  }

  /** The calls of a function, in this file. */
  *#callsOf(of: FunctionNode, index: number): Generator<{ readonly call: Node; readonly argument: Node | undefined }> {
    const { tree } = this.#script;
    const parent = tree.parent(of);
    const name =
      of.type === 'FunctionDeclaration' ? of.id : parent?.type === 'VariableDeclarator' ? parent.id : undefined;
    const binding = name?.type === 'Identifier' ? tree.binding(name) : undefined;
    for (const reference of binding?.references ?? []) {
      const call = tree.parent(reference);
      if (call?.type === 'CallExpression' && call.callee === reference) yield { call, argument: call.arguments[index] };
    }
    if (parent?.type === 'CallExpression' && parent.callee.type === 'MemberExpression') {
      const method = propertyOf(parent.callee) ?? '';
      if (index === 0 && GIVES_ELEMENTS.test(method)) yield { call: parent, argument: parent.callee.object };
    }
    if (parent?.type === 'MethodDefinition' || parent?.type === 'PropertyDefinition') {
      const key = keyOf(parent);
      for (const call of key === undefined ? [] : (this.#callsOfMethods().get(key) ?? []))
        yield { call, argument: call.arguments[index] };
    }
  }

  #callsOfMethods(): ReadonlyMap<string, readonly NodeOf<'CallExpression'>[]> {
    if (this.#methodCalls) return this.#methodCalls;
    const calls = new Map<string, NodeOf<'CallExpression'>[]>();
    for (const call of this.#script.tree.all('CallExpression')) {
      if (call.callee.type !== 'MemberExpression' || call.callee.object.type !== 'ThisExpression') continue;
      const name = propertyOf(call.callee) ?? '';
      const list = calls.get(name);
      if (list) list.push(call);
      else calls.set(name, [call]);
    }
    return (this.#methodCalls = calls);
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
    if (this.#checks.isChecked(node)) return undefined;
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
    return this.#trace(object, frame, depth);
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

  /** Values that are assigned to `this.name` anywhere in the file. */
  #fieldsOf(): ReadonlyMap<string, readonly Node[]> {
    if (this.#fields) return this.#fields;
    const fields = new Map<string, Node[]>();
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

  #ofCall(node: NodeOf<'CallExpression'>, frame: Frame | undefined, depth: number): Trace | undefined {
    const source = this.#source(node);
    if (source) return this.#checks.isChecked(node) ? undefined : source;
    const { names } = this.#script;
    const callee = unwrapped(node.callee);
    const path = names.pathOf(callee);
    const method = callee.type === 'MemberExpression' ? (propertyOf(callee) ?? '') : '';
    const name = method || (callee.type === 'Identifier' ? callee.name : '');
    if (PASSES_ON.test(path)) {
      const found = this.#any(node.arguments, frame, depth);
      if (!found) return undefined;
      const first = node.arguments[0];
      // `path.join(root, x)`: the root decides where a path begins.
      const isStart = found.isStart && first !== undefined && this.#trace(first, frame, depth) !== undefined;
      return { ...found, isStart: isStart || /resolve$/.test(path) };
    }
    if (MAKES_HARMLESS.test(name)) return undefined;
    const target = names.valueOf(callee);
    if (isFunction(target)) return this.#ofResult(target, node.arguments, frame, depth);
    if (callee.type !== 'MemberExpression') return undefined;
    if (callee.object.type === 'ThisExpression') {
      const own = this.#methodNamed(callee, method);
      return own && this.#ofResult(own, node.arguments, frame, depth);
    }
    if (method === 'replace' || method === 'replaceAll') return this.#ofReplaced(node, callee.object, frame, depth);
    if (method === 'concat' || method === 'join') {
      return this.#any([callee.object, ...(method === 'concat' ? node.arguments : [])], frame, depth);
    }
    const [first] = node.arguments;
    if (GIVES_RESULTS.test(method) && first && isFunction(first)) {
      return this.#ofResult(first, [callee.object], frame, depth);
    }
    const kept = KEEPS.test(method) ? this.#trace(callee.object, frame, depth) : undefined;
    if (kept === undefined || !PICKS.test(method)) return kept;
    return { ...kept, isPicked: true, ...(this.#isCut(method, node) ? { isShort: true } : {}) };
  }

  /** `slice(0, 100)` */
  #isCut(method: string, { arguments: [, end] }: NodeOf<'CallExpression'>): boolean {
    if (!/^(?:slice|substring|substr)$/.test(method)) return false;
    const length = this.#script.names.constantOf(end);
    return typeof length === 'number' && length >= 0;
  }

  /** Replacing every occurrence, by a pattern, is how people make a text harmless. */
  #ofReplaced(
    node: NodeOf<'CallExpression'>,
    object: Node,
    frame: Frame | undefined,
    depth: number,
  ): Trace | undefined {
    const [pattern] = node.arguments;
    const value = pattern && this.#script.names.valueOf(pattern);
    if (value?.type === 'Literal' && 'regex' in value) {
      if (value.regex.flags.includes('g') || /\\\.\\\./.test(value.regex.pattern)) return undefined;
    }
    return this.#trace(object, frame, depth);
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

  #methodNamed(node: Node, name: string): FunctionNode | undefined {
    for (const at of this.#script.tree.ancestors(node)) {
      if (at.type !== 'ClassBody') continue;
      for (const member of at.body) {
        if (member.type !== 'MethodDefinition' && member.type !== 'PropertyDefinition') continue;
        if (keyOf(member) === name && member.value && isFunction(member.value)) return member.value;
      }
    }
    return undefined;
  }

  #ofParts(parts: readonly (string | Node)[], node: Node, frame: Frame | undefined, depth: number): Trace | undefined {
    let around = '';
    let found: Trace | undefined;
    let isAtStart = true;
    let isStart = false;
    for (const part of parts) {
      const text = typeof part === 'string' ? part : this.#textOf(part);
      if (text !== undefined) {
        around += text;
        if (text !== '' && !/^(?:https?:)?(?:\/\/)?$/.test(text)) isAtStart = false;
        continue;
      }
      if (found === undefined) {
        found = this.#trace(part as Node, frame, depth);
        if (found) isStart = isAtStart && found.isStart;
      }
      around += HOLE;
      isAtStart = false;
    }
    if (found === undefined) return undefined;
    const step = { at: node, message: 'It becomes part of a text.' };
    return { ...found, isStart, isWhole: false, around: around + found.around, steps: [...found.steps, step] };
  }

  #textOf(node: Node): string | undefined {
    const value = this.#script.names.constantOf(node);
    return value === undefined ? undefined : String(value);
  }
}

/** Stands for a part that is not constant. */
const HOLE = '\uE000';

/** Functions whose result contains their arguments. */
const PASSES_ON =
  /^(?:path(?:\/posix|\/win32)?(?:\.posix|\.win32)?\.(?:join|resolve|normalize|format)|url\.(?:parse|resolve|format)|(?:querystring|querystringify|query-string|qs)\.(?:parse|unescape|parseUrl)|parseurl|util\.(?:format|inspect)|global:(?:String|decodeURIComponent|decodeURI|unescape|atob|JSON\.parse|Buffer\.from|Buffer\.concat|Object\.(?:assign|values|entries|keys|fromEntries)|Array\.(?:from|of)|Promise\.(?:resolve|all)|structuredClone|Object)|lodash(?:\.|\/)(?:merge|assign|clone|cloneDeep|get|values|keys|trim|toString))$/;
const MADE_OF_FIRST =
  /^(?:global:(?:URL|URLSearchParams|String|Buffer|Object|Array|Set|Map)|url\.(?:URL|URLSearchParams)|vm2?\.(?:VM)?Script)$/;
/** Methods whose result contains their receiver. */
const KEEPS =
  /^(?:trim|trimStart|trimEnd|toString|valueOf|toLowerCase|toUpperCase|toLocaleLowerCase|toLocaleUpperCase|slice|substring|substr|split|pop|shift|at|reverse|flat|get|getAll|entries|values|keys|padStart|padEnd|normalize|repeat|charAt|match|filter|find|sort|toJSON|catch|finally|json|text|formData|searchParams|query|param|header|fill|toSorted|toReversed|next)$/;
const PICKS = /^(?:get|getAll|split|slice|substring|substr|match|pop|shift|at)$/;
/** Methods whose callback gets the elements of their receiver first. */
const GIVES_ELEMENTS = /^(?:map|forEach|filter|find|some|every|flatMap|then|findIndex|sort)$/;
/** Methods whose result is what their callback returns. */
const GIVES_RESULTS = /^(?:map|flatMap|then)$/;
const MAKES_HARMLESS =
  /^(?:\w*(?:[Ss]aniti[sz]e|[Ee]scape|[Pp]urify|[Vv]alid|[Cc]lean|[Ww]hitelist|[Aa]llowlist|[Ee]ncode|[Qq]uote|[Ss]lugify|[Bb]asename|[Ss]trip|[Hh]ash|[Ss]afe|[Cc]heck|[Vv]erify)\w*|parse(?:Int|Float|ObjectId)?|safeParse|Number|Boolean|BigInt|toFixed|parseAsync|xss|h|format[A-Z]\w*)$/;

function partsOfTemplate({ quasis, expressions }: NodeOf<'TemplateLiteral'>): readonly (string | Node)[] {
  return quasis.flatMap((quasi, index): (string | Node)[] => {
    const text = quasi.value.cooked ?? quasi.value.raw;
    const expression = expressions[index];
    return expression ? [text, expression] : [text];
  });
}

function partsOfSum(node: NodeOf<'BinaryExpression'>): readonly Node[] {
  const parts: Node[] = [];
  let at: Node = node;
  while (at.type === 'BinaryExpression' && at.operator === '+') {
    parts.push(at.right);
    at = unwrapped(at.left);
  }
  parts.push(at);
  return parts.reverse();
}
