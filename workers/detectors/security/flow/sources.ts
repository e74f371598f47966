/** Where data of other people enters a program: requests in the frameworks that people use, and pages in a browser. */

/**
 * `request`: from a request over the network; `page`: from the address or the messages of a page in a browser;
 * `parameter`: from a caller who is not in the file; `command-line`: from whoever starts the program.
 */
export type SourceKind = 'request' | 'page' | 'parameter' | 'command-line';

export interface Source {
  readonly kind: SourceKind;
  /** As messages call it. */
  readonly label: string;
  /** It may be an object instead of a string, because a parser makes it. */
  readonly isStructured: boolean;
}

/** Paths of expressions (see `Names`) that are sources; `param:` begins those of a parameter with a role. */
const SOURCES: readonly { readonly path: RegExp; readonly kind: SourceKind; readonly structured?: RegExp }[] = [
  {
    // Node.js, Express, Fastify, Koa, NestJS, and the requests of the Fetch API.
    path: /^param:request\.(?:req\.|request\.|raw\.)?(?:query|body|params|headers|cookies|signedCookies|url|originalUrl|path|rawBody|files?|payload|hostname|host|href|querystring|search|nextUrl|get\(\)|header\(\)|param\(\)|json\(\)|text\(\)|formData\(\)|queries\(\)|parseBody\(\)|valid\(\)|session\.user_input)(?:[.(]|$)/,
    kind: 'request',
    structured: /\.(?:query|body|payload|json\(\)|cookies|parseBody\(\)|valid\(\))/,
  },
  {
    // Koa, Hono, AWS Lambda, SvelteKit.
    path: /^param:context\.(?:query|params|request\.(?:query|body|headers?|url|path|querystring|rawBody|json\(\)|formData\(\)|text\(\))|req\.(?:query\(\)|param\(\)|header\(\)|json\(\)|text\(\)|parseBody\(\)|formData\(\)|queries\(\)|valid\(\)|url|path|body|headers|query)|url\.(?:searchParams|pathname|search|href)|cookies\.get\(\)|cookie|get\(\)|queryStringParameters|multiValueQueryStringParameters|pathParameters|body|rawPath|rawQueryString)(?:[.(]|$)/,
    kind: 'request',
    structured: /\.(?:query$|query\.|body|json\(\)|parseBody\(\)|valid\(\))/,
  },
  { path: /^param:input(?:[.(]|$)/, kind: 'request', structured: /./ },
  { path: /^(?:h3|nitropack\/runtime|#imports|global:)(?:\.|:?)(?:getQuery|readBody|readFormData|readMultipartFormData|getRouterParams?|getHeaders?|getRequestHeaders?|getRequestURL|getCookie|readRawBody|getValidatedQuery)\(\)/, kind: 'request', structured: /getQuery|readBody/ },
  { path: /^next\/headers\.(?:cookies|headers)\(\)\.get\(\)/, kind: 'request' },
  { path: /^(?:global:(?:(?:window|document|self|globalThis|top|parent)\.)*location)(?:\.(?:hash|search|href|pathname|toString\(\))(?:[.(]|$)|$)/, kind: 'page' },
  { path: /^global:(?:window\.)?document\.(?:URL|documentURI|baseURI|referrer|location(?:\.(?:hash|search|href|pathname))?)(?:[.(]|$)/, kind: 'page' },
  { path: /^global:window\.name$/, kind: 'page' },
  { path: /^param:message\.data(?:[.(]|$)/, kind: 'page' },
  { path: /^(?:react-router(?:-dom)?|next\/navigation|@remix-run\/react)\.(?:useSearchParams\(\)|useParams\(\)|useLocation\(\)\.(?:search|hash|pathname))(?:[.(]|$)/, kind: 'page' },
  { path: /^next\/router\.useRouter\(\)\.(?:query|asPath)(?:[.(]|$)/, kind: 'page' },
  // Angular, AngularJS.
  { path: /\.snapshot\.(?:(?:params|queryParams|fragment|url)(?:[.(]|$)|(?:paramMap|queryParamMap)\.get\(\))|^\?(?:this\.)?\$(?:routeParams|stateParams|location\.(?:search|hash|url)\(\))(?:[.(]|$)/, kind: 'page' },
  { path: /^vue-router\.useRoute\(\)\.(?:query|params|hash|fullPath)(?:[.(]|$)/, kind: 'page' },
]; // prettier-ignore

/** Parts of a request that its sender cannot choose freely enough to do harm. */
const HARMLESS = /\.(?:headers\.(?:host|authorization|accept|connection)|length|method|nextUrl\.origin)$/;

/** Calls that give a part of a request as it came. What other functions make of it, the flow knows. */
const GETTERS: ReadonlySet<string> = new Set([
  'get', 'getAll', 'header', 'param', 'json', 'text', 'formData', 'query', 'queries', 'parseBody', 'valid', 'toString',
  'getQuery', 'readBody', 'readFormData', 'readMultipartFormData', 'getRouterParam', 'getRouterParams', 'getHeader',
  'getHeaders', 'getRequestHeader', 'getRequestHeaders', 'getRequestURL', 'getCookie', 'readRawBody', 'getValidatedQuery',
  'cookies', 'headers', 'search', 'hash', 'url', 'useSearchParams', 'useParams', 'useLocation', 'useRouter', 'useRoute',
]); // prettier-ignore

/** What the user of a program chooses: for those who ask for what callers choose. */
const COMMAND_LINE =
  /^(?:(?:global:)?process\.argv|(?:yargs|optimist|minimist|mri|getopts|arg|yargs-parser|subarg|command-line-args|meow|args|commander(?:\.program|\.Command)?|argparse\.ArgumentParser|dashdash)(?:\(\))?(?:\.\w+(?:\(\))?)*?(?:\.(?:argv|opts\(\)|parse\(\)|parseSync\(\)|parse_args\(\)|flags|input|args))|(?:minimist|mri|getopts|arg|yargs-parser|subarg|command-line-args|args\.parse)\(\))(?:[.(]|$)/;

export function commandLineAt(path: string): Source | undefined {
  return COMMAND_LINE.test(path) ? { kind: 'command-line', label: labelOf(path), isStructured: false } : undefined;
}

export function sourceAt(path: string): Source | undefined {
  if ((path.startsWith('?') && !OF_ANGULAR.test(path)) || HARMLESS.test(path)) return undefined;
  for (const [, name = ''] of path.matchAll(/(\w+)\(\)/g)) if (!GETTERS.has(name)) return undefined;
  for (const source of SOURCES) {
    const match = source.path.exec(path);
    if (!match) continue;
    return { kind: source.kind, label: labelOf(path), isStructured: source.structured?.test(path) === true };
  }
  return undefined;
}

/** Fields and parameters that are known by their names. */
const OF_ANGULAR = /^\?(?:this\.)?(?:\w*[rR]oute\w*\.snapshot\.|\w*[sS]napshot\.|\$\w)/;

const ROLE_NAMES: Readonly<Record<string, string>> = {
  request: 'req',
  context: 'ctx',
  message: 'event',
  input: 'the input',
};

function labelOf(path: string): string {
  return path
    .replace(/^param:(\w+)/, (_, role: string) => ROLE_NAMES[role] ?? role)
    .replace(/^(?:global:|\?)/, '')
    .replaceAll('.*', '[…]');
}
