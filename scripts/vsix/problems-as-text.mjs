// The rows of a Problems panel as a Markdown table, for pages that show no pictures.

/**
 * @typedef {object} Row  as it is on the screen
 * @property {number} level  1 is a file, 2 a problem; deeper ones are left out
 * @property {'error' | 'warning' | 'info' | undefined} severity
 * @property {string} file
 * @property {string} message
 * @property {string} source  `bulkhead(eslint)`
 * @property {string} code
 */

/**
 * @param {readonly Row[]} rows
 * @returns {string}
 * @throws Error when there is no problem among them
 */
export function problemsAsText(rows) {
  if (!rows.some(({ level }) => level === 2)) throw new Error('The Problems panel shows no problem.');
  let shown = '';
  const lines = rows.flatMap(({ level, severity = '', file, message, source, code }) => {
    if (level === 1) shown = file;
    if (level !== 2) return [];
    const detector = /\((.+)\)/.exec(source)?.[1] ?? source;
    const cells = [shown, severity, firstSentence(message), `${detector}: ${code}`];
    shown = '';
    return [`| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`];
  });
  return ['| file | | problem | found by |', '| --- | --- | --- | --- |', ...lines, ''].join('\n');
}

function firstSentence(message) {
  return /^.+?\.(?= [A-Z(])/.exec(message)?.[0] ?? message;
}
