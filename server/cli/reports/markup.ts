/** Texts of the workspace in XML and HTML. Pure. */

/** Characters that XML 1.0 cannot hold, not even escaped; HTML shows nothing for them. */
// eslint-disable-next-line no-control-regex -- these are the ones to find
const IMPOSSIBLE = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/g;

export function text(value: string): string {
  return value
    .toWellFormed()
    .replaceAll(IMPOSSIBLE, '\uFFFD')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;');
}

/** In double quotes. Line ends would become spaces. */
export function attribute(value: string): string {
  return text(value)
    .replaceAll('"', '&quot;')
    .replaceAll('\r', '&#13;')
    .replaceAll('\n', '&#10;')
    .replaceAll('\t', '&#9;');
}
