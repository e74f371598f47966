/** Functions and methods through which data goes on, and those that end its way. */
import type { Node, NodeOf } from '../../../rules/tree.ts';
import { unwrapped } from '../../../rules/names.ts';

/** Functions whose result contains their arguments. */
export const PASSES_ON =
  /^(?:path(?:\/posix|\/win32)?(?:\.posix|\.win32)?\.(?:join|resolve|normalize|relative|format|dirname|toNamespacedPath|parse)|(?:fs|fs\/promises|fs-extra|graceful-fs)\.(?:promises\.)?realpath(?:Sync)?(?:\.native)?|url\.(?:parse|resolve|format|fileURLToPath)|(?:querystring|querystringify|query-string|qs)\.(?:parse|unescape|parseUrl|decode)|parseurl|util\.inspect|global:(?:String|decodeURIComponent|decodeURI|unescape|atob|btoa|JSON\.parse|JSON\.stringify|Buffer\.from|Buffer\.concat|Object\.(?:assign|values|entries|keys|fromEntries|create|freeze)|Array\.(?:from|of)|Promise\.(?:resolve|all|any|race|allSettled)|structuredClone|Object)|(?:lodash|underscore)(?:\.|\/)?(?:merge|assign|extend|defaults|clone|cloneDeep|get|values|keys|trim|toString|pick|omit|flatten|concat|first|last|head)|json5\.parse|flatted\.parse|safe-json-parse|fast-json-parse|clone|clone-deep|deepmerge|object-assign|xtend|extend|promise\.resolve|bluebird\.resolve|node:buffer\.Buffer\.from|buffer\.Buffer\.from)$/;

/** Functions that make HTML of Markdown, and leave the HTML in it as it is. */
export const MAKES_HTML =
  /^(?:marked(?:\.(?:parse|marked))?|snarkdown|showdown\.Converter\(\)\.makeHtml|markdown\.toHTML)$/;

/** Paths that these return have no `..` left, and begin at a root. */
export const RESOLVES = /(?:^path.*\.resolve|\.realpath(?:Sync)?(?:\.native)?)$/;
/** Paths that these return have `..` at the beginning only. */
export const NORMALIZES = /^path.*\.(?:join|normalize|relative)$/;
/** What was made sure of before does not hold of what these return. */
export const DECODES = /(?:decodeURIComponent|decodeURI|unescape|atob|Buffer\.from|decode|parse)$/;
/** Functions that fill a text with values. */
export const FORMATS =
  /^(?:util\.format|printf|sprintf|sprintf-js\.(?:v?sprintf)|format-util|string-format|util-format)$/;

export const MADE_OF_FIRST =
  /^(?:global:(?:URL|URLSearchParams|String|Buffer|Object|Array|Set|Map|Blob|TextDecoder)|url\.(?:URL|URLSearchParams)|buffer\.Buffer|vm2?\.(?:VM)?Script)$/;

/** Methods whose result contains their receiver. */
export const KEEPS =
  /^(?:trim|trimStart|trimEnd|trimLeft|trimRight|toString|valueOf|toLowerCase|toUpperCase|toLocaleLowerCase|toLocaleUpperCase|slice|substring|substr|split|pop|shift|at|reverse|flat|get|getAll|entries|values|keys|padStart|padEnd|normalize|repeat|charAt|match|matchAll|filter|find|sort|toJSON|catch|finally|json|text|formData|searchParams|query|param|header|fill|toSorted|toReversed|toSpliced|with|next|anchor|big|bold|link|sub|sup|small|toWellFormed|arrayBuffer|unwrap|splice|findLast)$/;
/** Methods that only texts have, or that give one. */
export const OF_TEXTS =
  /^(?:trim\w*|toString|to(?:Locale)?(?:Lower|Upper)Case|substring|substr|pad(?:Start|End)|charAt|normalize|repeat)$/;
export const PICKS = /^(?:get|getAll|split|slice|substring|substr|match|pop|shift|at|exec)$/;
/** Methods whose callback gets the elements of their receiver first. */
export const GIVES_ELEMENTS = /^(?:map|forEach|filter|find|some|every|flatMap|then|findIndex|findLast|sort|tap)$/;
/** Methods whose result is what their callback returns. */
export const GIVES_RESULTS = /^(?:map|flatMap|then)$/;
/** Functions that call the function that they are given with elements of the list before it. */
export const GOES_OVER =
  /^(?:(?:lodash|underscore)(?:\.|\/)?(?:each|forEach|map|filter|flatMap|find|some|every)|async(?:\.|\/)(?:each|eachSeries|eachLimit|forEach|forEachSeries|map|mapSeries|mapLimit|filter|concat)|(?:bluebird|promise)\.(?:map|each|mapSeries|filter)|async-each|async-foreach|p-map|p-each-series|each-series)$/;

export const MAKES_HARMLESS =
  /^(?:\w*(?:[Ss]aniti[sz]e|[Ee]scape|[Pp]urify|[Vv]alid|[Cc]lean|[Ww]hitelist|[Aa]llowlist|[Ee]ncode|[Qq]uote|[Ss]lugify|[Bb]asename|[Ss]trip|[Hh]ash|[Ss]afe|[Cc]heck|[Vv]erify)\w*|parse(?:Int|Float|ObjectId)?|safeParse|Number|Boolean|BigInt|toFixed|parseAsync|xss|h|format[A-Z]\w*)$/;

/** Whether a pattern lets through what is dangerous: `(.*)` does, `(\d+)` does not. */
export function picksAnything(pattern: string): boolean {
  return /(?<!\\)\.|\[\^|\\[SDW]/.test(pattern);
}

export function partsOfTemplate({ quasis, expressions }: NodeOf<'TemplateLiteral'>): readonly (string | Node)[] {
  return quasis.flatMap((quasi, index): (string | Node)[] => {
    const text = quasi.value.cooked ?? quasi.value.raw;
    const expression = expressions[index];
    return expression ? [text, expression] : [text];
  });
}

export function partsOfSum(node: NodeOf<'BinaryExpression'>): readonly Node[] {
  const parts: Node[] = [];
  let at: Node = node;
  while (at.type === 'BinaryExpression' && at.operator === '+') {
    parts.push(at.right);
    at = unwrapped(at.left);
  }
  parts.push(at);
  return parts.reverse();
}

/** `['a', b].join(' ')` */
export function partsOfList(elements: readonly (Node | null)[], separator: string): readonly (string | Node)[] {
  return elements.flatMap((one, index): (string | Node)[] => {
    const text = index === 0 ? [] : [separator];
    return one ? [...text, one] : text;
  });
}

/** `format('a %s', b)` */
export function partsOfFormat(text: string, values: readonly Node[]): readonly (string | Node)[] {
  const texts = text.split(/%(?:\d+\$)?[a-zA-Z]/);
  const parts = texts.flatMap((one, index): (string | Node)[] => {
    const value = index < texts.length - 1 ? values[index] : undefined;
    return value ? [one, value] : [one];
  });
  return [...parts, ...values.slice(texts.length - 1)];
}
