/**
 * Makes texts of the workspace safe to print. Names and messages may hold anything: sequences that a terminal obeys,
 * characters that reverse what follows, line ends, or commands to a build service. All of that is shown, not obeyed. Pure.
 */

/** C0, DEL, C1, line separators and the characters that change the direction of text; all but the line end. */
// eslint-disable-next-line no-control-regex -- these are the ones to find
const CONTROL = /[\u0000-\u0009\u000B-\u001F\u007F-\u009F\u061C\u200E\u200F\u2028-\u202E\u2066-\u2069]/g;
/** Build services take such lines for commands: `::error file=…::`, `##vso[…]`. */
const COMMAND = /^(\s*):(?=:)|#(?=#\w*\[)/gm;

/** Several lines stay several lines. */
export function printable(text: string): string {
  return text.replaceAll('\r\n', '\n').replaceAll(CONTROL, escaped).replaceAll(COMMAND, commandEscaped);
}

/** A name, or whatever else is one line. */
export function printableLine(text: string): string {
  return printable(text).replaceAll('\n', '\\n');
}

function escaped(character: string): string {
  const named: Readonly<Record<string, string>> = { '\t': '\\t', '\r': '\\r' };
  const code = character.charCodeAt(0).toString(16).toUpperCase();
  return named[character] ?? (code.length > 2 ? `\\u${code.padStart(4, '0')}` : `\\x${code.padStart(2, '0')}`);
}

function commandEscaped(match: string, indent = ''): string {
  return match.endsWith('#') ? '\\x23' : `${indent}\\x3A`;
}
