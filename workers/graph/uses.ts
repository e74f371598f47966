/**
 * How a module uses what it imports: only as a type, as a value, or as a value while it loads. Also which of its own
 * names can be read before it has run. One walk of the syntax tree with scopes; pure.
 */
import type { ArrowFunctionExpression, Function as FunctionNode, Node } from 'oxc-parser';
import { boundNames, lexicalNames, varNames } from './bindings.ts';
import { emittedName, typeOfParameter } from './decorator-metadata.ts';
import type { ScriptTree } from './record.ts';
import { childrenOf, leftmostName } from './syntax.ts';
import { UseTable, type ModuleUses, type Place, type Use } from './use-table.ts';

export type { ModuleUses, Use } from './use-table.ts';

export interface UseOptions {
  /** With `emitDecoratorMetadata`, types in decorated places become values. */
  readonly metadata?: {
    /** It reads them while the module loads: the output is an ECMAScript module, in which that may throw. */
    readonly isReadAtLoad: boolean;
    readonly strictNullChecks: boolean;
  };
}

/** @param scripts of one module; those that run as modules of their own do not count */
export function usesIn(scripts: readonly ScriptTree[], options: UseOptions): ModuleUses {
  const walk = new UseWalk(options);
  for (const script of scripts) if (script.runs !== 'client') walk.script(script);
  return walk.result();
}

interface Context extends Place {
  /** Names bound between here and the top of the module. */
  readonly scopes: readonly ReadonlySet<string>[];
}

class UseWalk {
  readonly #options: UseOptions;
  readonly #table = new UseTable();
  #isInstance = false;

  constructor(options: UseOptions) {
    this.#options = options;
  }

  script({ program, runs, isExported }: ScriptTree): void {
    this.#isInstance = runs === 'instance';
    for (const statement of program.body) {
      const declared = statement.type === 'ExportNamedDeclaration' || statement.type === 'ExportDefaultDeclaration'
          ? statement.declaration
          : statement; // prettier-ignore
      if (declared?.type === 'FunctionDeclaration' && declared.id) {
        this.#table.addFunction(declared.id.name);
      } else if (statement.type === 'ExportDefaultDeclaration' && declared?.type === 'FunctionDeclaration') {
        this.#table.addHoisted('default');
      } else if (declared?.type === 'VariableDeclaration' && declared.kind === 'var') {
        for (const { id } of declared.declarations) for (const name of boundNames(id)) this.#table.addHoisted(name);
      }
    }
    const context: Context = { scopes: [], timing: 'load', inFunction: undefined };
    const later: Context = { ...context, timing: 'later' };
    for (const statement of program.body) {
      // The compiler moves exports out of the function that an instance script becomes.
      const isOfModule = !this.#isInstance || (isExported && statement.type === 'ExportNamedDeclaration');
      this.#visit(statement, isOfModule ? context : later);
    }
  }

  result(): ModuleUses {
    return this.#table.result();
  }

  #visit(node: Node, context: Context): void {
    switch (node.type) {
      case 'ImportDeclaration':
      case 'ExportAllDeclaration':
        return;
      case 'Identifier':
        this.#use(node.name, node, context);
        return;
      case 'JSXIdentifier':
        if (!/^[a-z]/.test(node.name) || node.name.includes('.')) this.#use(node.name, node, context);
        return;
      case 'JSXMemberExpression':
        this.#visit(node.object, context);
        return;
      case 'JSXAttribute':
        if (node.value) this.#visit(node.value, context);
        return;
      case 'JSXClosingElement':
        return;
      case 'MemberExpression':
        if (node.object.type === 'Identifier') {
          const member = node.computed ? undefined : node.property.name;
          this.#use(node.object.name, node.object, context, member === undefined ? {} : { member });
        } else {
          this.#visit(node.object, context);
        }
        if (node.computed) this.#visit(node.property, context);
        return;
      case 'Property':
        if (node.computed) this.#visit(node.key, context);
        this.#visit(node.value, context);
        return;
      case 'ExportNamedDeclaration':
        if (node.declaration) this.#visit(node.declaration, context);
        else if (!node.source && node.exportKind !== 'type') this.#exportSpecifiers(node, context);
        return;
      case 'LabeledStatement':
        this.#visit(node.body, context);
        return;
      case 'BreakStatement':
      case 'ContinueStatement':
      case 'MetaProperty':
        return;
      case 'CallExpression':
        this.#visitCall(node, context);
        return;
      case 'NewExpression':
        this.#visitCalled(node.callee, context);
        this.#visitAll(node.arguments, context);
        return;
      case 'FunctionDeclaration':
      case 'FunctionExpression':
      case 'ArrowFunctionExpression':
        this.#visitFunction(node, context, 'later');
        return;
      case 'ClassDeclaration':
      case 'ClassExpression':
        this.#visitClass(node, context);
        return;
      case 'IfStatement':
        this.#visit(node.test, context);
        this.#visitAll([node.consequent, node.alternate], maybe(context));
        return;
      case 'ConditionalExpression':
        this.#visit(node.test, context);
        this.#visitAll([node.consequent, node.alternate], maybe(context));
        return;
      case 'LogicalExpression':
        this.#visit(node.left, context);
        this.#visit(node.right, maybe(context));
        return;
      case 'TryStatement':
        this.#visitAll([node.block, node.handler, node.finalizer], maybe(context));
        return;
      case 'CatchClause':
        this.#visitChildren(node, inner(context, node.param ? boundNames(node.param) : []));
        return;
      case 'BlockStatement':
      case 'StaticBlock':
        for (const one of node.body) this.#visit(one, inner(context, lexicalNames(node.body)));
        return;
      case 'ForStatement':
      case 'ForInStatement':
      case 'ForOfStatement':
        this.#visitLoop(node, context);
        return;
      case 'WhileStatement':
      case 'DoWhileStatement':
      case 'SwitchStatement':
        this.#visitChildren(node, maybe(context));
        return;
      case 'VariableDeclarator':
        this.#visitPattern(node.id, context);
        if (node.init) this.#visit(node.init, context);
        return;
      case 'TSEnumDeclaration':
        if (!node.declare)
          for (const { initializer } of node.body.members) if (initializer) this.#visit(initializer, context);
        return;
      case 'TSModuleDeclaration':
        if (!node.declare && node.body) this.#visit(node.body, context);
        return;
      case 'TSModuleBlock':
        for (const one of node.body) this.#visit(one, inner(context, lexicalNames(node.body)));
        return;
      case 'TSAsExpression':
      case 'TSSatisfiesExpression':
      case 'TSTypeAssertion':
      case 'TSNonNullExpression':
      case 'TSInstantiationExpression':
        this.#visit(node.expression, context);
        return;
      case 'TSExportAssignment':
        this.#visit(node.expression, context);
        return;
      case 'TSImportEqualsDeclaration':
        if (node.importKind !== 'type' && node.moduleReference.type !== 'TSExternalModuleReference') {
          const root = leftmostName(node.moduleReference);
          if (root) this.#use(root.name, root, context);
        }
        return;
      default:
        // Everything else of TypeScript is types.
        if (!node.type.startsWith('TS') || node.type === 'TSParameterProperty') this.#visitChildren(node, context);
    }
  }

  #visitAll(nodes: readonly (Node | null | undefined)[], context: Context): void {
    for (const node of nodes) if (node) this.#visit(node, context);
  }

  #visitChildren(node: Node, context: Context): void {
    for (const child of childrenOf(node)) this.#visit(child, context);
  }

  #exportSpecifiers(node: Extract<Node, { type: 'ExportNamedDeclaration' }>, context: Context): void {
    for (const { local, exportKind } of node.specifiers) {
      // An export does not read the value yet.
      if (exportKind !== 'type' && local.type === 'Identifier')
        this.#use(local.name, local, { ...context, timing: 'later' });
    }
  }

  #visitCall(node: Extract<Node, { type: 'CallExpression' }>, context: Context): void {
    const { callee } = node;
    const isFunction = callee.type === 'FunctionExpression' || callee.type === 'ArrowFunctionExpression';
    if (isFunction && !callee.generator) this.#visitFunction(callee, context, callee.async ? 'maybe' : 'same');
    else this.#visitCalled(callee, context);
    if (callee.type === 'Identifier' && !isBound(callee.name, context)) {
      this.#table.addCall(callee.name, context);
    }
    const isMacro = this.#isInstance && callee.type === 'Identifier' && VUE_MACROS.has(callee.name);
    this.#visitAll(node.arguments, isMacro && context.scopes.length === 0 ? { ...context, timing: 'load' } : context);
  }

  /** What is called, made an instance of, or extended. */
  #visitCalled(node: Node, context: Context): void {
    if (node.type === 'Identifier') this.#use(node.name, node, context, { isCalled: true });
    else this.#visit(node, context);
  }

  /** @param runs `same`: called in place; `maybe`: only part of it runs in place; `later`: called at an unknown time */
  #visitFunction(
    node: FunctionNode | ArrowFunctionExpression,
    context: Context,
    runs: 'later' | 'maybe' | 'same',
  ): void {
    const { body } = node;
    const isArrow = node.type === 'ArrowFunctionExpression';
    const isTop = node.type === 'FunctionDeclaration' && context.scopes.length === 0 && !node.async && !node.generator;
    const names = node.params.flatMap(boundNames);
    if (!isArrow) names.push('arguments', ...(node.type === 'FunctionExpression' && node.id ? [node.id.name] : []));
    if (body?.type === 'BlockStatement') names.push(...lexicalNames(body.body), ...varNames(body));
    // The body of a top-level function runs at load if it is called then.
    const timing = runs === 'same' || isTop ? context.timing : runs === 'maybe' ? maybe(context).timing : 'later';
    const inFunction = isTop && !isArrow ? node.id?.name : context.inFunction;
    const inside: Context = { ...inner(context, names), timing, inFunction };
    for (const one of node.params) this.#visitPattern(one, inside);
    if (body) this.#visit(body, inside);
  }

  #visitClass(node: Extract<Node, { type: 'ClassDeclaration' | 'ClassExpression' }>, context: Context): void {
    if (node.declare) return;
    const inside = node.id && context.scopes.length > 0 ? inner(context, [node.id.name]) : context;
    const isDecorated = node.decorators.length > 0;
    for (const { expression } of node.decorators) this.#visit(expression, context);
    if (node.superClass) this.#visitCalled(node.superClass, context);
    for (const member of node.body.body) {
      switch (member.type) {
        case 'StaticBlock':
          this.#visit(member, inside);
          break;
        case 'PropertyDefinition':
        case 'AccessorProperty':
          if (member.declare) break;
          this.#visitMember(member.decorators, member.computed ? member.key : undefined, inside);
          if (member.value) this.#visit(member.value, member.static ? inside : { ...inside, timing: 'later' });
          if (member.decorators.length > 0) this.#emit(member.typeAnnotation, inside);
          break;
        case 'MethodDefinition': {
          this.#visitMember(member.decorators, member.computed ? member.key : undefined, inside);
          const parameters = member.value.params.flatMap((one) => ('decorators' in one ? (one.decorators ?? []) : []));
          for (const { expression } of parameters) this.#visit(expression, inside);
          if (member.decorators.length > 0) this.#emit(member.value.returnType, inside);
          if (member.decorators.length > 0 || parameters.length > 0 || (isDecorated && member.kind === 'constructor')) {
            for (const one of member.value.params) this.#emit(typeOfParameter(one), inside);
          }
          this.#visitFunction(member.value, inside, 'later');
          break;
        }
        default:
      }
    }
  }

  #visitMember(decorators: readonly { readonly expression: Node }[], key: Node | undefined, context: Context): void {
    for (const { expression } of decorators) this.#visit(expression, context);
    if (key) this.#visit(key, context);
  }

  #visitLoop(
    node: Extract<Node, { type: 'ForStatement' | 'ForInStatement' | 'ForOfStatement' }>,
    context: Context,
  ): void {
    const head = node.type === 'ForStatement' ? node.init : node.left;
    const names = head?.type === 'VariableDeclaration' && head.kind !== 'var' ? lexicalNames([head]) : [];
    const inside = inner(context, names);
    if (node.type === 'ForStatement') {
      this.#visitAll([node.init, node.test], inside);
      this.#visitAll([node.update, node.body], maybe(inside));
    } else {
      this.#visit(node.right, context);
      if (node.left.type !== 'VariableDeclaration') this.#visit(node.left, inside);
      this.#visit(node.body, maybe(inside));
    }
  }

  /** A pattern binds names, but its defaults and computed keys use others. */
  #visitPattern(node: Node, context: Context): void {
    switch (node.type) {
      case 'Identifier':
        return;
      case 'AssignmentPattern':
        this.#visitPattern(node.left, context);
        this.#visit(node.right, context);
        return;
      case 'RestElement':
        this.#visitPattern(node.argument, context);
        return;
      case 'ArrayPattern':
        for (const one of node.elements) if (one) this.#visitPattern(one, context);
        return;
      case 'ObjectPattern':
        for (const one of node.properties) {
          if (one.type === 'RestElement') this.#visitPattern(one.argument, context);
          else {
            if (one.computed) this.#visit(one.key, context);
            this.#visitPattern(one.value, context);
          }
        }
        return;
      case 'TSParameterProperty':
        this.#visitPattern(node.parameter, context);
        return;
      default:
        this.#visit(node, context);
    }
  }

  /** Decorator metadata reads the class that a type names, when the decorated class is made. */
  #emit(type: Node | null | undefined, context: Context): void {
    const { metadata } = this.#options;
    const name = metadata && type ? emittedName(type, metadata.strictNullChecks) : undefined;
    if (name) this.#use(name.name, name, metadata?.isReadAtLoad === true ? context : { ...context, timing: 'later' });
  }

  #use(name: string, node: Node, context: Context, how: Pick<Use, 'member' | 'isCalled'> = {}): void {
    if (!isBound(name, context)) this.#table.addUse(name, node, context, how);
  }
}

function inner(context: Context, names: readonly string[]): Context {
  return { ...context, scopes: [...context.scopes, new Set(names)] };
}

function maybe(context: Context): Context {
  return context.timing === 'load' ? { ...context, timing: 'maybe' } : context;
}

function isBound(name: string, { scopes }: Context): boolean {
  return scopes.some((scope) => scope.has(name));
}

/** Their arguments become options of the component, outside of the function that runs for each instance. */
const VUE_MACROS: ReadonlySet<string> = new Set([
  'defineProps', 'defineEmits', 'defineOptions', 'defineModel', 'withDefaults',
]); // prettier-ignore
