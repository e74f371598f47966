/** Patterns of names, in which `*` stands for any characters. Pure. */

/** Takes the time of one pass over the name, whatever the pattern: both may come from anybody. */
export function matchesWildcard(pattern: string, name: string): boolean {
  const [first = '', ...others] = pattern.split('*');
  if (!name.startsWith(first)) return false;
  let at = first.length;
  for (const [index, part] of others.entries()) {
    if (index === others.length - 1) return name.length - part.length >= at && name.endsWith(part);
    const found = name.indexOf(part, at);
    if (found === -1) return false;
    at = found + part.length;
  }
  return at === name.length;
}
