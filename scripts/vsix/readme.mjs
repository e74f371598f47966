// The page that people see who install the extension. VS Code opens nothing from the package there: it removes every picture
// that does not come from https (`data:` too) and every colour of a text, and `vsce` refuses drawings (`<svg>`). So a picture is
// replaced by the table that lies beside it.
import { readFileSync } from 'node:fs';
import path from 'node:path';

/**
 * @param {string} file  client/README.md
 * @param {string} root  what its pictures are relative to
 * @returns {string} the text of the page
 * @throws Error for a link that would lead nowhere
 */
export function pageOf(file, root) {
  const text = readFileSync(file, 'utf8').replaceAll(/!\[([^\]]*)\]\(([\w./-]+\.png)\)/g, (_, title, picture) => {
    const text = readFileSync(path.join(root, picture.replace(/png$/, 'md')), 'utf8');
    return `${title}:\n\n${text.trim()}`;
  });
  for (const [, link] of text.matchAll(/\]\(([^)]*)\)/g)) {
    if (!/^(?:https:\/\/|#)/.test(link)) throw new Error(`${file}: ${link} cannot be opened from the package.`);
  }
  return text;
}
