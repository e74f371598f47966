/**
 * Cognitive complexity after G. Ann Campbell's paper: how hard a function is to follow. A break in the linear flow costs
 * one, and one more for each level that it is nested in; functions inside count for the one around them, unless that one
 * only declares them. Pure.
 */
import { childrenOf } from '../graph/syntax.ts';
import { unwrapped } from './names.ts';
import type { FunctionNode, Node, NodeOf, Tree } from './tree.ts';
import { functionsIn, nameOf } from './functions.ts';

export interface Increment {
  readonly at: { readonly start: number; readonly end: number };
  readonly by: number;
  /** Of `by`, for nesting. */
  readonly nesting: number;
}

/** The functions that have a score of their own, with what makes it up. */
export function cognitiveOf(tree: Tree, text: string): ReadonlyMap<FunctionNode, readonly Increment[]> {
  const scores = new Map<FunctionNode, readonly Increment[]>();
  const outermost = functionsIn(tree).filter((one) => tree.functionAround(one) === undefined);
  for (const node of outermost) score(node);
  return scores;

  function score(node: FunctionNode): void {
    const walk = new Walk(tree, text, node);
    walk.run();
    const isWrapper = walk.inner.length > 0 && !walk.isStructured;
    if (!isWrapper) {
      for (const one of walk.inner) walk.enter(one);
      scores.set(
        node,
        walk.increments.toSorted((one, other) => one.at.start - other.at.start),
      );
      return;
    }
    scores.set(node, walk.increments);
    for (const one of walk.inner) score(one.node);
  }
}

interface Inner {
  readonly node: FunctionNode;
  readonly nesting: number;
}

class Walk {
  readonly increments: Increment[] = [];
  /** Functions inside, which have not been walked. */
  readonly inner: Inner[] = [];
  /** It does more than to declare functions. */
  isStructured = false;
  readonly #tree: Tree;
  readonly #text: string;
  readonly #root: FunctionNode;
  readonly #seen = new Set<Node>();
  #isInside = false;

  constructor(tree: Tree, text: string, root: FunctionNode) {
    this.#tree = tree;
    this.#text = text;
    this.#root = root;
  }

  run(): void {
    this.#function(this.#root, 0);
    const name = nameOf(this.#tree, this.#root);
    if (name !== undefined && this.#callsItself(this.#root))
      this.#add({ start: this.#root.start, end: this.#root.start + 1 }, 0);
  }

  enter({ node, nesting }: Inner): void {
    this.#isInside = true;
    this.#function(node, nesting + 1);
  }

  #function(node: FunctionNode, nesting: number): void {
    for (const parameter of node.params) this.#visit(parameter, nesting);
    if (node.body) this.#visit(node.body, nesting);
  }

  #visit(node: Node, nesting: number): void {
    switch (node.type) {
      case 'FunctionDeclaration':
      case 'FunctionExpression':
      case 'ArrowFunctionExpression':
        if (this.#isInside) this.#function(node, nesting + 1);
        else this.inner.push({ node, nesting });
        return;
      case 'IfStatement':
        this.#if(node, nesting, false);
        return;
      case 'ConditionalExpression':
        this.#structure(this.#after(node.test, '?'), nesting);
        this.#visit(node.test, nesting);
        this.#visit(node.consequent, nesting + 1);
        this.#visit(node.alternate, nesting + 1);
        return;
      case 'SwitchStatement':
        this.#structure({ start: node.start, end: node.start + 'switch'.length }, nesting);
        this.#visit(node.discriminant, nesting);
        for (const one of node.cases) this.#visit(one, nesting + 1);
        return;
      case 'ForStatement':
      case 'ForInStatement':
      case 'ForOfStatement':
      case 'WhileStatement':
      case 'DoWhileStatement': {
        this.#structure(
          {
            start: node.start,
            end: node.start + (node.type === 'WhileStatement' ? 5 : node.type === 'DoWhileStatement' ? 2 : 3),
          },
          nesting,
        );
        for (const child of childrenOf(node)) this.#visit(child, child === node.body ? nesting + 1 : nesting);
        return;
      }
      case 'CatchClause':
        this.#structure({ start: node.start, end: node.start + 'catch'.length }, nesting);
        this.#visit(node.body, nesting + 1);
        return;
      case 'BreakStatement':
      case 'ContinueStatement':
        if (node.label) this.#add({ start: node.start, end: node.label.start - 1 }, 0);
        return;
      case 'LogicalExpression':
        this.#logical(node, nesting);
        return;
      default:
        for (const child of childrenOf(node)) this.#visit(child, nesting);
    }
  }

  #if(node: NodeOf<'IfStatement'>, nesting: number, isElseIf: boolean): void {
    const at = { start: node.start, end: node.start + 2 };
    if (isElseIf) this.#add(at, 0);
    else this.#structure(at, nesting);
    this.#visit(node.test, nesting);
    this.#visit(node.consequent, nesting + 1);
    const { alternate } = node;
    if (!alternate) return;
    if (alternate.type === 'IfStatement') this.#if(alternate, nesting, true);
    else {
      this.#add(this.#after(node.consequent, 'else'), 0);
      this.#visit(alternate, nesting + 1);
    }
  }

  /** One for each run of equal operators. */
  #logical(node: NodeOf<'LogicalExpression'>, nesting: number): void {
    if (this.#seen.has(node)) return;
    let previous = '';
    for (const part of this.#flat(node)) {
      if ('operator' in part && part.kind === 'operator') {
        if (part.operator !== previous) this.#add(part, 0);
        previous = part.operator;
      } else this.#visit((part as { node: Node }).node, nesting);
    }
  }

  #flat(
    node: Node,
  ): readonly (
    | { readonly kind: 'operator'; readonly operator: string; readonly start: number; readonly end: number }
    | { readonly kind: 'operand'; readonly node: Node }
  )[] {
    const inner = unwrapped(node);
    if (inner.type !== 'LogicalExpression') return [{ kind: 'operand', node }];
    this.#seen.add(inner);
    const { start, end } = this.#after(inner.left, inner.operator);
    return [
      ...this.#flat(inner.left),
      { kind: 'operator', operator: inner.operator, start, end },
      ...this.#flat(inner.right),
    ];
  }

  #callsItself(root: FunctionNode): boolean {
    const parent = this.#tree.parent(root);
    const name =
      root.type !== 'ArrowFunctionExpression' && root.id
        ? root.id
        : parent?.type === 'VariableDeclarator'
          ? parent.id
          : undefined;
    const binding = name?.type === 'Identifier' ? this.#tree.binding(name) : undefined;
    return (
      binding?.references.some((one) => {
        const call = this.#tree.parent(one);
        return one.start > root.start && one.end < root.end && call?.type === 'CallExpression' && call.callee === one;
      }) === true
    );
  }

  #structure(at: Increment['at'], nesting: number): void {
    if (!this.#isInside) this.isStructured = true;
    this.#add(at, nesting);
  }

  #add({ start, end }: Increment['at'], nesting: number): void {
    this.increments.push({ at: { start, end }, by: 1 + nesting, nesting });
  }

  /** The place of a sign or a word after a node. */
  #after(node: Node, sign: string): Increment['at'] {
    const start = this.#text.indexOf(sign, node.end);
    return start === -1 ? { start: node.end, end: node.end } : { start, end: start + sign.length };
  }
}
