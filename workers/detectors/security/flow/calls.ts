/** Which function of the file a call calls, and where the file calls a function. Lives as long as the check of one file. */
import { propertyOf, unwrapped } from '../../../rules/names.ts';
import type { Script } from '../../../rules/source-file.ts';
import { isFunction, keyOf, type FunctionNode, type Identifier, type Node, type NodeOf } from '../../../rules/tree.ts';
import { GIVES_ELEMENTS, GOES_OVER } from './passing.ts';

type ClassNode = NodeOf<'ClassDeclaration' | 'ClassExpression'>;
type Call = NodeOf<'CallExpression' | 'NewExpression'>;

/** A call of a function, with what one of its parameters gets. */
export interface Passed {
  readonly call: Node;
  readonly argument: Node | undefined;
  /** The argument is an expression in this function, called here. */
  readonly within?: { readonly of: FunctionNode; readonly arguments: readonly Node[] };
}

export class Calls {
  readonly #script: Script;
  #ofMembers: ReadonlyMap<string, readonly NodeOf<'CallExpression'>[]> | undefined;
  #assigned: ReadonlyMap<string, FunctionNode> | undefined;

  constructor(script: Script) {
    this.#script = script;
  }

  /** The function of this file that an expression calls. */
  functionOf(callee: Node): FunctionNode | undefined {
    const { names } = this.#script;
    const target = names.valueOf(callee);
    if (isFunction(target)) return target;
    if (target.type !== 'MemberExpression') return undefined;
    const name = propertyOf(target, names);
    if (name === undefined) return undefined;
    const object = unwrapped(target.object);
    if (object.type === 'ThisExpression') return this.#methodAround(target, name);
    const owner = this.#classOf(object);
    if (owner) return methodOf(owner, name);
    const property = names.property(object, name);
    const value = property === undefined || property === 'unclear' ? undefined : names.valueOf(property);
    if (value && isFunction(value)) return value;
    return this.#assignedFunctions().get(`${nameOfObject(object)}.${name}`);
  }

  /** The calls of a function in this file. */
  *of(of: FunctionNode, index: number): Generator<Passed> {
    const { tree } = this.#script;
    const parent = tree.parent(of);
    const name =
      of.type === 'FunctionDeclaration' ? of.id : parent?.type === 'VariableDeclarator' ? parent.id : undefined;
    const binding = name?.type === 'Identifier' ? tree.binding(name) : undefined;
    for (const reference of binding?.references ?? []) yield* this.#byReference(reference, index);
    if (parent?.type === 'CallExpression' && parent.callee === of)
      yield { call: parent, argument: parent.arguments[index] };
    if (parent?.type === 'CallExpression' || parent?.type === 'NewExpression') yield* this.#given(of, parent, index);
    if (parent?.type === 'MethodDefinition' && parent.kind === 'constructor') {
      for (const call of tree.all('NewExpression')) {
        const owner = this.#script.names.valueOf(call.callee);
        if (isClass(owner) && tree.parent(parent) === owner.body) yield { call, argument: call.arguments[index] };
      }
    } else if (
      parent?.type === 'MethodDefinition' ||
      parent?.type === 'PropertyDefinition' ||
      parent?.type === 'Property'
    ) {
      yield* this.#byMember(keyOf(parent), of, index);
    } else if (parent?.type === 'AssignmentExpression' && parent.left.type === 'MemberExpression') {
      yield* this.#byMember(propertyOf(parent.left), of, index);
    }
  }

  *#byReference(reference: Identifier, index: number): Generator<Passed> {
    const { tree } = this.#script;
    const at = tree.parent(reference);
    if (at?.type === 'CallExpression' && at.callee === reference) {
      yield { call: at, argument: at.arguments[index] };
    } else if (at?.type === 'CallExpression' || at?.type === 'NewExpression') {
      yield* this.#given(reference, at, index);
    } else if (at?.type === 'MemberExpression' && at.object === reference) {
      const call = tree.parent(at);
      const isLate = /^(?:bind|call)$/.test(propertyOf(at) ?? '');
      if (isLate && call?.type === 'CallExpression' && call.callee === at)
        yield { call, argument: call.arguments[index + 1] };
    }
  }

  /** A function that is given to another, which calls it. */
  *#given(given: Node, call: Call, index: number): Generator<Passed> {
    const { tree, names } = this.#script;
    const place = call.arguments.indexOf(given as never);
    if (place < 0) return;
    const { callee } = call;
    const path = names.pathOf(callee);
    if (index === 0 && callee.type === 'MemberExpression' && GIVES_ELEMENTS.test(propertyOf(callee) ?? ''))
      yield { call, argument: callee.object };
    if (index === 0 && place > 0 && GOES_OVER.test(path)) yield { call, argument: call.arguments[0] };
    if (place === 0 && /\.partial$/.test(path)) yield { call, argument: call.arguments[index + 1] };
    if (index === 1 && place > 0 && /\.realpath$/.test(path)) yield { call, argument: call.arguments[0] };
    // `function each(list, run) { for (const one of list) run(one); }`
    const taking = this.functionOf(callee);
    const parameter = taking?.params[place];
    const binding = parameter?.type === 'Identifier' ? tree.binding(parameter) : undefined;
    for (const reference of taking ? (binding?.references ?? []) : []) {
      const inner = tree.parent(reference);
      if (!taking || inner?.type !== 'CallExpression' || inner.callee !== reference) continue;
      yield { call, argument: inner.arguments[index], within: { of: taking, arguments: call.arguments } };
    }
  }

  *#byMember(name: string | undefined, of: FunctionNode, index: number): Generator<Passed> {
    if (name === undefined) return;
    for (const call of this.#callsOfMembers().get(name) ?? []) {
      if (this.functionOf(call.callee) === of) yield { call, argument: call.arguments[index] };
    }
  }

  #callsOfMembers(): ReadonlyMap<string, readonly NodeOf<'CallExpression'>[]> {
    if (this.#ofMembers) return this.#ofMembers;
    const calls = new Map<string, NodeOf<'CallExpression'>[]>();
    for (const call of this.#script.tree.all('CallExpression')) {
      if (call.callee.type !== 'MemberExpression') continue;
      const name = propertyOf(call.callee) ?? '';
      const list = calls.get(name);
      if (list) list.push(call);
      else calls.set(name, [call]);
    }
    return (this.#ofMembers = calls);
  }

  /** Functions that are assigned to members: `exports.run = function () {}`. */
  #assignedFunctions(): ReadonlyMap<string, FunctionNode> {
    if (this.#assigned) return this.#assigned;
    const assigned = new Map<string, FunctionNode>();
    for (const { left, right } of this.#script.tree.all('AssignmentExpression')) {
      if (left.type !== 'MemberExpression') continue;
      const value = unwrapped(right);
      const name = propertyOf(left);
      if (name !== undefined && isFunction(value)) assigned.set(`${nameOfObject(left.object)}.${name}`, value);
    }
    return (this.#assigned = assigned);
  }

  /** The class of which an expression is an instance, or which it is itself. */
  #classOf(object: Node): ClassNode | undefined {
    const { names } = this.#script;
    const value = names.valueOf(object);
    if (isClass(value)) return value;
    const made = value.type === 'NewExpression' ? names.valueOf(value.callee) : undefined;
    return made && isClass(made) ? made : undefined;
  }

  #methodAround(node: Node, name: string): FunctionNode | undefined {
    for (const at of this.#script.tree.ancestors(node)) {
      if (isClass(at)) return methodOf(at, name);
      if (at.type !== 'ObjectExpression') continue;
      for (const property of at.properties) {
        if (property.type === 'Property' && keyOf(property) === name && isFunction(property.value))
          return property.value;
      }
    }
    return undefined;
  }
}

function isClass(node: Node): node is ClassNode {
  return node.type === 'ClassDeclaration' || node.type === 'ClassExpression';
}

function methodOf({ body }: ClassNode, name: string): FunctionNode | undefined {
  for (const member of body.body) {
    if (member.type !== 'MethodDefinition' && member.type !== 'PropertyDefinition') continue;
    if (keyOf(member) === name && member.value && isFunction(member.value)) return member.value;
  }
  return undefined;
}

/** `exports`, `module.exports` and `Foo.prototype` name the same objects everywhere in a file. */
function nameOfObject(node: Node): string {
  if (node.type === 'Identifier') return node.name;
  if (node.type !== 'MemberExpression') return '';
  const name = propertyOf(node) ?? '';
  const object = nameOfObject(node.object);
  if (object === 'module' && name === 'exports') return 'exports';
  return object === '' ? '' : `${object}.${name}`;
}
