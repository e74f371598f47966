/** What the parameters of functions stand for in the frameworks that people use: requests, contexts, messages. Pure. */
import { keyOf, type FunctionNode, type Node, type Part, type Tree } from './tree.ts';

/** What a parameter is, by what its function is for; undefined: nothing that others send. */
export function roleOf(tree: Tree, of: FunctionNode, index: number, parts: readonly Part[]): string | undefined {
  const parameter = of.params[index];
  if (parameter === undefined) return undefined;
  const pattern = plainParameter(parameter);
  const name = pattern.type === 'Identifier' ? pattern.name : undefined;
  const role = roleByDecorator(parameter, pattern) ?? roleByType(pattern) ?? roleByPlace(tree, of, index, name, parts);
  if (role === undefined) return undefined;
  return parts.reduce<string>((path, part) => (part === '...' ? path : `${path}.${String(part)}`), `param:${role}`);
}

function plainParameter(node: Node): Node {
  if (node.type === 'TSParameterProperty') return plainParameter(node.parameter);
  return node.type === 'AssignmentPattern' ? node.left : node;
}

/** NestJS and its like. */
function roleByDecorator(parameter: Node, pattern: Node): string | undefined {
  const decorators = [parameter, pattern].flatMap((node) =>
    'decorators' in node && Array.isArray(node.decorators) ? (node.decorators as readonly { expression: Node }[]) : [],
  );
  for (const { expression } of decorators) {
    const callee = expression.type === 'CallExpression' ? expression.callee : expression;
    if (callee.type !== 'Identifier') continue;
    if (
      /^(?:Body|Query|Param|Params|Headers?|Cookies|UploadedFiles?|RawBody|BodyParam|QueryParams?|HeaderParam|CookieParam)$/.test(
        callee.name,
      )
    ) {
      return 'input';
    }
    if (/^(?:Req|Request)$/.test(callee.name)) return 'request';
  }
  return undefined;
}

const REQUEST_TYPES =
  /^(?:Request|NextRequest|NextApiRequest|FastifyRequest|IncomingMessage|HonoRequest|ExpressRequest)$/;
const CONTEXT_TYPES =
  /^(?:Context|ParameterizedContext|RouterContext|APIGatewayProxyEvent(?:V2)?|RequestEvent|APIContext|LoaderFunctionArgs|ActionFunctionArgs|LoaderArgs|ActionArgs|GetServerSidePropsContext)$/;

function roleByType(pattern: Node): string | undefined {
  const annotation = 'typeAnnotation' in pattern ? pattern.typeAnnotation : undefined;
  const type = annotation && 'typeAnnotation' in annotation ? annotation.typeAnnotation : undefined;
  if (type?.type !== 'TSTypeReference') return undefined;
  const { typeName } = type;
  const name =
    typeName.type === 'Identifier' ? typeName.name : typeName.type === 'TSQualifiedName' ? typeName.right.name : '';
  if (REQUEST_TYPES.test(name)) return 'request';
  return CONTEXT_TYPES.test(name) ? 'context' : undefined;
}

const VERBS = /^(?:GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS)$/;
const ROUTE_METHODS = /^(?:get|post|put|patch|delete|head|options|all|use|route|on|addHook|param)$/;

function roleByPlace(
  tree: Tree,
  of: FunctionNode,
  index: number,
  name: string | undefined,
  parts: readonly Part[],
): string | undefined {
  if (name !== undefined && /^_?(?:req|request)$/.test(name) && index <= 1) return 'request';
  if (index > 0 && isFormCallback(tree, of)) return 'input';
  const exported = exportedName(tree, of);
  if (exported !== undefined && VERBS.test(exported)) {
    if (index === 0) return pickedPart(parts) === undefined ? 'request' : 'context';
    return index === 1 ? 'context' : undefined;
  }
  // A function that a cloud runs: its event is the request.
  if (
    index === 0 &&
    exported !== undefined &&
    /^(?:handler|lambdaHandler|main)$/.test(exported) &&
    /^(?:event|evt)$/.test(name ?? '')
  ) {
    return 'input';
  }
  if (
    index === 0 &&
    exported !== undefined &&
    /^(?:load|loader|action|handler|actions\.\w+|getServerSideProps|default)$/.test(exported)
  ) {
    const isHandler = name === undefined ? exported !== 'default' : /^(?:event|ctx|context|args|locals)$/.test(name);
    if (isHandler) return 'context';
  }
  if (isServerAction(tree, of, exported)) return 'input';
  const call = tree.parent(of);
  if (call?.type === 'CallExpression') {
    const { callee } = call;
    const method = callee.type === 'MemberExpression' && !callee.computed ? callee.property.name : undefined;
    if (
      index === 0 &&
      (method === 'addEventListener' || (callee.type === 'Identifier' && callee.name === 'addEventListener'))
    ) {
      const [kind] = call.arguments;
      return kind?.type === 'Literal' && kind.value === 'message' ? 'message' : undefined;
    }
    if (
      index === 0 &&
      callee.type === 'Identifier' &&
      /^(?:defineEventHandler|eventHandler|defineAction)$/.test(callee.name)
    ) {
      return 'context';
    }
    // The pieces of a request's body.
    if (index === 0 && method === 'on' && callee.type === 'MemberExpression' && callee.object.type === 'Identifier') {
      const [event] = call.arguments;
      const isData = event?.type === 'Literal' && event.value === 'data';
      if (isData && /^(?:req|request)$/.test(callee.object.name)) return 'input';
    }
    const isRoute = method !== undefined && ROUTE_METHODS.test(method);
    if (index === 0 && isRoute && (name === undefined || /^(?:ctx|context|c)$/.test(name))) {
      // A destructured request of Express, or a context of Koa or Hono.
      return name === undefined && of.params.length >= 2 ? 'request' : 'context';
    }
  }
  if (name !== undefined && index === 0 && /^(?:ctx|context)$/.test(name)) return 'context';
  if (
    index === 0 &&
    call?.type === 'AssignmentExpression' &&
    call.left.type === 'MemberExpression' &&
    !call.left.computed
  ) {
    if (call.left.property.name === 'onmessage') return 'message';
  }
  if (index === 0 && name === 'event' && exported !== undefined && /handler/i.test(exported)) return 'context';
  return undefined;
}

/** `form.parse(req, (error, fields, files) => …)` */
function isFormCallback(tree: Tree, of: FunctionNode): boolean {
  const call = tree.parent(of);
  if (call?.type !== 'CallExpression' || call.callee.type !== 'MemberExpression' || call.callee.computed) return false;
  const [first] = call.arguments;
  return call.callee.property.name === 'parse' && first?.type === 'Identifier' && /^(?:req|request)$/.test(first.name);
}

function pickedPart(parts: readonly Part[]): Part | undefined {
  return parts[0];
}

/** The name under which a function is exported; `actions.x` for a member of exported actions. */
function exportedName(tree: Tree, of: FunctionNode): string | undefined {
  const parent = tree.parent(of);
  if (parent?.type === 'ExportDefaultDeclaration') return 'default';
  if (parent?.type === 'ExportNamedDeclaration') return of.type === 'FunctionDeclaration' ? of.id?.name : undefined;
  if (parent?.type === 'AssignmentExpression' && parent.left.type === 'MemberExpression' && !parent.left.computed) {
    const { object, property } = parent.left;
    if (object.type === 'Identifier' && object.name === 'exports') return property.name;
    if (object.type === 'MemberExpression' && !object.computed && object.property.name === 'exports')
      return property.name;
    if (object.type === 'Identifier' && object.name === 'module' && property.name === 'exports') return 'default';
  }
  if (parent?.type === 'VariableDeclarator' && parent.id.type === 'Identifier') {
    const declaration = tree.parent(parent);
    return declaration && tree.parent(declaration)?.type === 'ExportNamedDeclaration' ? parent.id.name : undefined;
  }
  if (parent?.type === 'Property') {
    for (const at of tree.ancestors(parent)) {
      if (at.type !== 'VariableDeclarator') continue;
      return at.id.type === 'Identifier' && at.id.name === 'actions' ? `actions.${keyOf(parent) ?? ''}` : undefined;
    }
  }
  return undefined;
}

/** Whatever a browser calls on the server gets arguments that anybody can choose. */
function isServerAction(tree: Tree, of: FunctionNode, exported: string | undefined): boolean {
  if (of.body?.type === 'BlockStatement' && saysUseServer(of.body.body)) return true;
  return exported !== undefined && of.async && saysUseServer(tree.program.body);
}

function saysUseServer(body: readonly Node[]): boolean {
  const [first] = body;
  return (
    first?.type === 'ExpressionStatement' &&
    first.expression.type === 'Literal' &&
    first.expression.value === 'use server'
  );
}
