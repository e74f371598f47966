/**
 * Whether an error is about a type that the file does not declare itself. Where a package is missing, such a type may be
 * incomplete, and the error with it. Stateless.
 */

/** Errors about how types relate. What they are about is in their messages. */
const aboutTypes = new Set([
  ...[2322, 2339, 2344, 2345, 2349, 2351, 2352, 2353, 2358, 2359, 2362, 2363, 2365, 2367, 2415, 2416, 2417, 2420, 2430],
  ...[2488, 2504, 2507, 2515, 2536, 2538, 2551, 2559, 2604, 2684, 2739, 2740, 2741, 2769, 2786],
]);
/** … about `override` in a class that extends nothing, as far as is known. */
const aboutOverrides = new Set([4112, 4113, 4117]);

/** Types that the language itself has. */
const ownTypes =
  /^(?:string|number|boolean|bigint|symbol|object|null|undefined|void|never|true|false|readonly|keyof|typeof|infer|extends|new|is|asserts|in|unique|abstract|get|set|this|Array|ReadonlyArray|Promise|PromiseLike|Record|Partial|Required|Readonly|Pick|Omit|Exclude|Extract|NonNullable|Map|Set|WeakMap|WeakSet|ReadonlyMap|ReadonlySet|Date|RegExp|Error|Function|String|Number|Boolean|Symbol|BigInt|Object|Math|JSON)$/;
/** What is inferred from a value whose type is not known. */
const inferred = /(?:^|[^\w.])(?:any|unknown)(?:$|[^\w.])|\bglobalThis\b/;

/** @param text of the file */
export function isAboutForeignType(code: number, message: string, text: string): boolean {
  if (aboutOverrides.has(code)) return /\bclass\s+[\w$]+[^{]*\bextends\b/.test(text);
  if (!aboutTypes.has(code)) return false;
  // Of an object that is written as one, a member may be missed; anything else that is inferred so is not known. Nobody
  // writes `never`, or `true` where `false` is expected: types compute that.
  const isInferred = (type: string): boolean =>
    /^(?:never|true|false)$/.test(type) || (type === '{}' && code !== 2339 && code !== 2551);
  return typesIn(message).some((type) => isInferred(type) || isForeign(type, text));
}

/** The texts in quotes that are types: names of properties and values are not, which follow a word that says so. */
function typesIn(message: string): readonly string[] {
  const quoted = [...message.matchAll(/(\w+ )?['‘“]([^'’”]+)['’”]/g)];
  return quoted.flatMap(([, before, type]) => (before === 'Property ' || type === undefined ? [] : [type]));
}

function isForeign(type: string, text: string): boolean {
  if (inferred.test(type)) return true;
  // Names of members (`name:`), of parameters and of values in quotes are no types.
  const names = type.replace(/"[^"]*"|[\w$]+\??(?=\s*:)/g, '').match(/[A-Za-z_$][\w$]*/g) ?? [];
  return names.some((name) => !ownTypes.test(name) && !isDeclaredIn(text, name));
}

/** Completely: what it extends may be declared elsewhere. */
function isDeclaredIn(text: string, name: string): boolean {
  const escaped = name.replaceAll('$', String.raw`\$`);
  const [, head] = new RegExp(String.raw`\b(?:class|interface|type|enum)\s+${escaped}\b([^{=]*)`).exec(text) ?? [];
  if (head === undefined) return new RegExp(String.raw`<[^<>]*\b${escaped}\b[^<>]*>\s*\(`).test(text);
  return !/\bextends\b|\bimplements\b/.test(head.replace(/<[^<>]*>/g, ''));
}
