import type { Names } from '../../../rules/names.ts';
import type { Found, Rule } from '../../../rules/rule.ts';
import type { Script, SourceFile } from '../../../rules/source-file.ts';
import { keyOf, type Node, type Tree } from '../../../rules/tree.ts';
import { callsIn } from '../flow/flow-rule.ts';
import { masked, providerOf, randomness } from '../secrets.ts';

export const rule: Rule = {
  meta: {
    name: 'hardcoded-secret',
    severity: 'error',
    description: 'A key, token or password in the code: one that a provider issued, or a random text with such a name.',
    why: 'Everyone who can read the repository, now or later, can use it. Revoke it, read the new one from the environment or a secret store, and keep it out of the history.',
    cwe: 798,
    confidence: 'high',
    bad: "export const client = connect({ accessKeyId: 'AKIA' + 'QYLPMN5HFIQR7XYA', apiKey: 'b83fQp0zLx7vKd92mWqT5rYh1sNcEa46' });",
    good: 'export const client = connect({ accessKeyId: process.env.ACCESS_KEY_ID, apiKey: process.env.API_KEY });',
  },
  *check(file): Generator<Found> {
    for (const script of file.scripts) {
      yield* secretTexts(file, script);
      if (!file.isTest && !file.isExample) yield* secretArguments(script);
    }
  },
};

/** What a provider issued, and random texts with a name that says what they are. */
function* secretTexts(file: SourceFile, { tree, names }: Script): Generator<Found> {
  const texts = [...tree.all('Literal'), ...tree.all('TemplateLiteral'), ...tree.all('BinaryExpression')];
  for (const node of texts) {
    file.step();
    const parent = tree.parent(node);
    if (parent?.type === 'BinaryExpression' && node.type !== 'BinaryExpression') continue;
    if (parent && /^(?:Import|Export)/.test(parent.type)) continue;
    const text = names.stringOf(node);
    if (text === undefined || text.length < 8 || text.length > 4096 || isPublicKey(node, tree)) continue;
    const provider = providerOf(text, file.isTest);
    const name = nameOf(node, tree);
    if (provider) {
      yield found(node, `${provider.what} (${masked(provider.secret)}) is in the code.`);
    } else if (!file.isTest && name !== undefined && isSecretName(name) && randomness(text, name)) {
      yield found(node, `\`${name}\` has a secret as its value (${masked(text)}).`);
    }
  }
}

/** What signs sessions, cookies and tokens, however simple it is. */
function* secretArguments(script: Script): Generator<Found> {
  const { names } = script;
  for (const call of callsIn(script)) {
    const path = names.pathOf(call.callee);
    const [first, second] = call.arguments;
    if (SESSIONS.test(path)) {
      for (const one of ['secret', 'keys', 'password'].flatMap((key) => valuesIn(names.property(first, key))))
        if (names.stringOf(one)) yield found(one, 'The secret that signs the sessions is in the code.');
    } else if (path === 'passport-jwt.Strategy' && isConstantKey(names.property(first, 'secretOrKey'), names)) {
      yield found(call, 'The key that checks the tokens is in the code.');
    } else if (path === 'cookie-parser' && first && names.stringOf(first)) {
      yield found(first, 'The secret that signs the cookies is in the code.');
    } else if (/^crypto\.createHmac$|^crypto-js\.Hmac\w+$/.test(path) && second && names.stringOf(second)) {
      yield found(second, 'The key of the signature is in the code.');
    }
  }
}

function valuesIn(value: Node | 'unclear' | undefined): readonly Node[] {
  if (value === undefined || value === 'unclear') return [];
  return value.type === 'ArrayExpression' ? value.elements.filter((one) => one !== null) : [value];
}

/** Firebase and Algolia give pages keys that everybody may see. */
function isPublicKey(node: Node, tree: Tree): boolean {
  const property = tree.parent(node);
  const object = property?.type === 'Property' && property.value === node ? tree.parent(property) : undefined;
  if (object?.type !== 'ObjectExpression') return false;
  const keys = object.properties.map((one) => (one.type === 'Property' ? keyOf(one) : undefined));
  const isKey = property?.type === 'Property' && keyOf(property) === 'apiKey';
  return isKey && (keys.includes('authDomain') || (keys.includes('indexName') && keys.includes('appId')));
}

/** Of what the text is the value of. */
function nameOf(node: Node, tree: Tree): string | undefined {
  const parent = tree.parent(node);
  switch (parent?.type) {
    case 'VariableDeclarator':
      return parent.id.type === 'Identifier' ? parent.id.name : undefined;
    case 'Property':
    case 'PropertyDefinition':
      return parent.value === node ? keyOf(parent) : undefined;
    case 'AssignmentExpression':
      if (parent.right !== node) return undefined;
      if (parent.left.type === 'Identifier') return parent.left.name;
      return parent.left.type === 'MemberExpression' && parent.left.property.type === 'Identifier'
        ? parent.left.property.name
        : undefined;
    case 'AssignmentPattern':
      return parent.left.type === 'Identifier' ? parent.left.name : undefined;
    case 'LogicalExpression':
    case 'TSAsExpression':
      return nameOf(parent, tree);
    default:
      return undefined;
  }
}

const SESSIONS =
  /^(?:express-session|cookie-session|koa-session|@fastify\/session|fastify-session|iron-session\.\w+|@fastify\/secure-session)$/;

function isConstantKey(value: Node | 'unclear' | undefined, names: Names): value is Node {
  return value !== undefined && value !== 'unclear' && names.stringOf(value) !== undefined;
}

function found(at: Node, what: string): Found {
  return { at, message: `${what} Revoke it, and read the new one from the environment.` };
}

const SECRET_NAME =
  /(?:^|_|-|\b)(?:api_?key|apikey|secret(?:_?key)?|access_?key|private_?key|auth_?token|access_?token|refresh_?token|bearer_?token|token|password|passwd|pwd|passphrase|client_?secret|signing_?key|encryption_?key|jwt_?secret|session_?secret|db_?pass(?:word)?|credentials?)$/i;
/** What tells of a secret, but is none. */
const NO_SECRET =
  /(?:name|field|header|label|placeholder|regex|pattern|type|url|uri|path|prefix|error|message|param|selector|id|hint|text|title|input|policy|cookie|public)(?:_?(?:key|token))?$|^(?:public|csrf|xsrf)/i;

function isSecretName(name: string): boolean {
  const snake = name.replace(/([a-z0-9])([A-Z])/g, '$1_$2');
  return SECRET_NAME.test(snake) && !NO_SECRET.test(snake);
}
