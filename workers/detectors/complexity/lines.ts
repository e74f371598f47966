/** Counts lines of code. Pure. */
import type { SourceFile } from '../../rules/source-file.ts';

/**
 * The text of a file in which the insides of templates and the texts of JSX are blank: a stylesheet or a query in a
 * template is no code, however long it is. Lines and offsets stay as they are.
 */
export function withoutTexts({ text, scripts }: SourceFile): string {
  const texts = scripts
    .flatMap(({ tree }) => [...tree.all('TemplateElement'), ...tree.all('JSXText')])
    .sort((one, other) => one.start - other.start);
  let result = '';
  let at = 0;
  for (const { start, end } of texts) {
    result += text.slice(at, start) + text.slice(start, end).replace(/[^\r\n]/g, ' ');
    at = end;
  }
  return result + text.slice(at);
}

/** Without blank lines, and lines with nothing but a comment. */
export function linesOfCode(text: string): number {
  let lines = 0;
  let isComment = false;
  for (const line of text.split(/\r\n|\n|\r/)) {
    const trimmed = line.trim();
    if (isComment) {
      if (trimmed.includes('*/')) isComment = false;
      continue;
    }
    if (trimmed.startsWith('/*')) {
      isComment = !trimmed.includes('*/');
      continue;
    }
    if (trimmed !== '' && !trimmed.startsWith('//')) lines++;
  }
  return lines;
}
