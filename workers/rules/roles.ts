/** What the parameters of functions stand for in the frameworks that people use: requests, contexts, messages. Pure. */
import { keyOf, type FunctionNode, type Node, type NodeOf, type Part, type Tree } from './tree.ts';

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
  const call = callWith(tree, of);
  if (index === 1 && isResolver(tree, of)) return 'input';
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
    // What tRPC has checked the type of.
    if (index === 0 && /^(?:query|mutation|subscription)$/.test(method ?? '') && parts[0] === 'input') return 'input';
    if (method === 'on' && isMessage(call, index)) return 'input';
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

/** The call that gets a function as an argument, also by its name. */
function callWith(tree: Tree, of: FunctionNode): Node | undefined {
  const parent = tree.parent(of);
  const name =
    of.type === 'FunctionDeclaration'
      ? of.id
      : parent?.type === 'VariableDeclarator' && parent.id.type === 'Identifier'
        ? parent.id
        : undefined;
  const references = (name && tree.binding(name)?.references) ?? [];
  const calls = references.flatMap((reference) => {
    const call = tree.parent(reference);
    return call?.type === 'CallExpression' && call.callee !== reference ? [call] : [];
  });
  return calls.length === 1 ? calls[0] : parent;
}

/** Events that tell of a connection, and bring nothing. */
const SILENT =
  /^(?:connect(?:ion|ed)?|disconnect(?:ing)?|close|error|open|end|finish|drain|ping|pong|listening|timeout|upgrade|ready|reconnect\w*)$/;

/** `socket.on('chat', (text) => …)` and `busboy.on('field', (name, value) => …)` */
function isMessage({ callee, arguments: [event] }: NodeOf<'CallExpression'>, index: number): boolean {
  if (callee.type !== 'MemberExpression' || callee.object.type !== 'Identifier') return false;
  const name = event?.type === 'Literal' && typeof event.value === 'string' ? event.value : undefined;
  if (name === undefined) return false;
  if (/^(?:bb|busboy|form|multiparty)$/i.test(callee.object.name))
    return index > 0 && /^(?:field|file|part)$/.test(name);
  if (/^(?:ws|websocket|wsClient)$/i.test(callee.object.name)) return index === 0 && name === 'message';
  return /^(?:socket|sock)$/i.test(callee.object.name) && !SILENT.test(name);
}

/** A function for a field of a schema of GraphQL: its second parameter is what the query asks with. */
function isResolver(tree: Tree, of: FunctionNode): boolean {
  const property = tree.parent(of);
  if (property?.type !== 'Property' || of.params.length < 2) return false;
  const object = tree.parent(property);
  const outer = object && tree.parent(object);
  if (outer?.type !== 'Property') return keyOf(property) === 'resolve' && of.params.length >= 2;
  return /^(?:Query|Mutation|Subscription)$/.test(keyOf(outer) ?? '');
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
