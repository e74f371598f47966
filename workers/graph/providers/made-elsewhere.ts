/**
 * Whether a package of the user makes a configuration, or a base that the configuration extends: then only running it
 * tells what it says. Pure.
 */
import type { Node, Program } from 'oxc-parser';

export function isMadeElsewhere(program: Program): boolean {
  return new Search(program).isMadeElsewhere();
}

/** Packages of the tools themselves and helpers that add no names. */
const HELPERS =
  /^(node:|path$|fs$|url$|module$|vite$|vitest\/config$|vitest$|webpack|@rspack\/|@rsbuild\/|rollup|@rollup\/|rolldown|@craco\/|@vue\/|electron-vite$|@farmfe\/|astro|nuxt|next|@sveltejs\/|@nx\/|@quasar\/|customize-cra$|@storybook\/|storybook|vike|@tanstack\/|@solidjs\/|@angular|lodash|deepmerge|defu|tsup|tsdown)/;

class Search {
  readonly #body: Program['body'];
  readonly #seen = new Set<Node>();

  constructor({ body }: Program) {
    this.#body = body;
  }

  isMadeElsewhere(): boolean {
    return this.#body.some((statement) => {
      if (statement.type === 'ExportDefaultDeclaration') return this.#isElsewhere(statement.declaration);
      if (statement.type !== 'ExpressionStatement' || statement.expression.type !== 'AssignmentExpression')
        return false;
      const { left, right } = statement.expression;
      const isExports =
        left.type === 'MemberExpression' && left.object.type === 'Identifier' && left.object.name === 'module';
      return isExports && this.#isElsewhere(right);
    });
  }

  #isElsewhere(node: Node | null | undefined): boolean {
    if (!node || this.#seen.has(node)) return false;
    this.#seen.add(node);
    switch (node.type) {
      case 'Identifier':
        return this.#isNameElsewhere(node.name);
      case 'CallExpression':
        return (
          this.#isElsewhere(node.callee) ||
          this.#isRequired(node) ||
          node.arguments.some((one) => this.#isElsewhere(one))
        );
      case 'MemberExpression':
        return this.#isElsewhere(node.object);
      case 'ArrowFunctionExpression':
      case 'FunctionExpression':
      case 'FunctionDeclaration':
        return node.body?.type === 'BlockStatement'
          ? node.body.body.some((one) => one.type === 'ReturnStatement' && this.#isElsewhere(one.argument))
          : this.#isElsewhere(node.body);
      case 'ObjectExpression':
        return node.properties.some((one) =>
          one.type === 'SpreadElement'
            ? this.#isElsewhere(one.argument)
            : one.key.type === 'Identifier' && one.key.name === 'resolve' && this.#isElsewhere(one.value),
        );
      case 'ArrayExpression':
        return node.elements.some((one) => this.#isElsewhere(one));
      case 'AwaitExpression':
      case 'SpreadElement':
        return this.#isElsewhere(node.argument);
      case 'TSAsExpression':
      case 'TSSatisfiesExpression':
        return this.#isElsewhere(node.expression);
      case 'ConditionalExpression':
        return this.#isElsewhere(node.consequent) || this.#isElsewhere(node.alternate);
      default:
        return false;
    }
  }

  #isNameElsewhere(name: string): boolean {
    for (const statement of this.#body) {
      if (statement.type === 'ImportDeclaration') {
        if (statement.specifiers.some(({ local }) => local.name === name)) return isForeign(statement.source.value);
      } else if (statement.type === 'VariableDeclaration') {
        for (const { id, init } of statement.declarations) {
          if (id.type === 'Identifier' && id.name === name) return this.#isElsewhere(init);
          if (id.type === 'ObjectPattern' && init && this.#isRequired(init)) {
            if (id.properties.some((one) => one.type === 'Property' && one.value.type === 'Identifier' && one.value.name === name)) return true; // prettier-ignore
          }
        }
      } else if (statement.type === 'FunctionDeclaration' && statement.id?.name === name) {
        return this.#isElsewhere(statement);
      }
    }
    return false;
  }

  /** `require('a-package')`, or a member or call of it. */
  #isRequired(node: Node): boolean {
    if (node.type === 'MemberExpression') return this.#isRequired(node.object);
    if (node.type !== 'CallExpression') return false;
    const [first] = node.arguments;
    if (node.callee.type === 'Identifier' && node.callee.name === 'require')
      return first?.type === 'Literal' && typeof first.value === 'string' && isForeign(first.value);
    return this.#isRequired(node.callee);
  }
}

function isForeign(specifier: string): boolean {
  return !/^[./]/.test(specifier) && !HELPERS.test(specifier);
}
