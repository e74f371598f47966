// The page that people see who install the extension. VS Code opens nothing from the package there, and loads pictures from
// https and from the text alone, so the pictures become part of the text.
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
    const data = readFileSync(path.join(root, picture)).toString('base64');
    return `![${title}](data:image/png;base64,${data})`;
  });
  for (const [, link] of text.matchAll(/\]\(([^)]*)\)/g)) {
    if (!/^(?:https:\/\/|#|data:image\/png;)/.test(link))
      throw new Error(`${file}: ${link} cannot be opened from the package.`);
  }
  return text;
}
