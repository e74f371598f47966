/** Lines of text: `file:line:column: message` or by a pattern, and the annotations of GitHub Actions. Pure. */
import { jsonOf } from '../../reading/config-file.ts';
import type { ParsedOutput, ToolFinding } from '../../runtime/tool-finding.ts';

/** What most tools print, or nearly: `a.c:1:2: error: text [rule]`, `a.ts(1,2): error X1: text`. */
const usual =
  /^(?<file>(?:[A-Za-z]:[\\/])?[^:(\s][^:(]*?)(?::(?<line>\d+)(?::(?<column>\d+))?|\((?<line2>\d+)(?:,(?<column2>\d+))?\))\s*[:-]?\s+(?:(?<severity>fatal error|error|warning|warn|info|information|note|style|hint)\b:?\s+)?(?<message>\S.*?)(?:\s+[[(](?<rule>[\w@/.-]+)[\])])?$/iu;

/** A longer line is no finding, and costs a regular expression too much. UTF-16 code units. */
const LONGEST_LINE = 20_000;

/** @param pattern has been validated; absent: what most tools print */
export function parseText(output: string, pattern?: string): ParsedOutput {
  const expression = pattern === undefined ? usual : new RegExp(pattern, 'u');
  const findings = linesOf(output).flatMap((line): ToolFinding[] => {
    const groups = expression.exec(line)?.groups;
    if (groups === undefined) return [];
    const { file, message = '', rule, severity, endLine, endColumn } = groups;
    const start = { line: Number(groups['line'] ?? groups['line2']), column: numberIn(groups['column'] ?? groups['column2']) }; // prettier-ignore
    const end = endLine === undefined && endColumn === undefined ? undefined : { line: numberIn(endLine) ?? start.line, column: numberIn(endColumn) }; // prettier-ignore
    return [{ file, place: { start, end }, message: unquoted(message), rule, severity }];
  });
  return { findings, failures: [] };
}

/** `::error file=a.js,line=1,endLine=1,col=2,endColumn=3,title=rule::message` */
export function parseGithub(output: string): ParsedOutput {
  const findings = linesOf(output).flatMap((line): ToolFinding[] => {
    const [, severity, properties = '', message = ''] = /^::(error|warning|notice)(?: ([^:]*(?::(?!:)[^:]*)*))?::(.*)$/.exec(line) ?? []; // prettier-ignore
    if (severity === undefined) return [];
    const of = new Map(
      properties.split(',').map((property) => {
        const [name = '', ...value] = property.split('=');
        return [name.trim(), unescaped(value.join('='))];
      }),
    );
    const start = { line: numberIn(of.get('line')) ?? 1, column: numberIn(of.get('col')) };
    const endColumn = numberIn(of.get('endColumn'));
    const end = endColumn === undefined ? undefined : { line: numberIn(of.get('endLine')) ?? start.line, column: endColumn }; // prettier-ignore
    return [{ file: of.get('file'), place: { start, end }, message: unescaped(message), rule: of.get('title'), severity }]; // prettier-ignore
  });
  return { findings, failures: [] };
}

function unescaped(text: string): string {
  return text.replaceAll(/%(0D|0A|25|3A|2C)/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
}

function linesOf(output: string): readonly string[] {
  return output.split(/\r\n|\n|\r/).filter((line) => line !== '' && line.length <= LONGEST_LINE);
}

/** Some tools print their messages as JSON strings. */
function unquoted(message: string): string {
  const value = message.startsWith('"') ? jsonOf(message) : undefined;
  return typeof value === 'string' ? value : message;
}

function numberIn(text: string | undefined): number | undefined {
  return text === undefined || text === '' ? undefined : Number(text);
}
