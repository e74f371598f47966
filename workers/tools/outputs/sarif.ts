/** SARIF 2.1.0, the exchange format of static analysis. https://docs.oasis-open.org/sarif/sarif/v2.1.0/ Pure. */
import { isRecord } from '../../reading/config-file.ts';
import type { ParsedOutput, ToolEdit, ToolFinding, ToolPlace } from '../../runtime/tool-finding.ts';
import { jsonIn, numberOf, recordOf, recordsOf, textOf, type Json } from './json.ts';

export function parseSarif(output: string): ParsedOutput {
  const log = recordOf(jsonIn(output, (value) => isRecord(value) && Array.isArray(value['runs'])));
  const runs = recordsOf(log['runs']);
  return {
    findings: runs.flatMap(findingsOf),
    failures: runs.flatMap(failuresOf),
    columns: runs.some((run) => run['columnKind'] === 'unicodeCodePoints') ? 'characters' : 'utf16',
  };
}

function findingsOf(run: Json): readonly ToolFinding[] {
  const { driver, extensions } = recordOf(run['tool']);
  const rules = [recordOf(driver), ...recordsOf(extensions)].map((component) => recordsOf(component['rules']));
  return recordsOf(run['results']).flatMap((result): ToolFinding[] => {
    const { kind = 'fail', baselineState } = result;
    // Only failures and what the tool leaves to people are problems; the others say that something is in order.
    if (!['fail', 'review', 'open'].includes(String(kind)) || baselineState === 'absent') return [];
    if (recordsOf(result['suppressions']).some(({ status = 'accepted' }) => status === 'accepted')) return [];
    const reference = recordOf(result['rule']);
    const index = numberOf(result['ruleIndex']) ?? numberOf(reference['index']);
    const id = textOf(result['ruleId']) ?? textOf(reference['id']);
    const own = rules[(numberOf(recordOf(reference['toolComponent'])['index']) ?? -1) + 1] ?? [];
    // `a/b` is a part of the rule `a`.
    const rule = (index === undefined ? undefined : own[index]) ?? rules.flat().find((one) => one['id'] === id || one['id'] === id?.split('/')[0]) ?? {}; // prettier-ignore
    const level = result['level'] ?? recordOf(rule['defaultConfiguration'])['level'] ?? 'warning';
    const [place] = recordsOf(result['locations']).flatMap((location) => placeOf(location, run));
    return [
      {
        ...place,
        rule: id ?? textOf(rule['id']),
        severity: level === 'none' ? 'info' : textOf(level),
        message: messageOf(result['message'], rule) ?? 'The tool gives no message.',
        url: textOf(rule['helpUri']),
        related: recordsOf(result['relatedLocations']).flatMap((location) => {
          const message = messageOf(location['message'], rule) ?? '';
          return placeOf(location, run).map((other) => ({ ...other, message }));
        }),
        fixes: recordsOf(result['fixes']).map((fix) => ({
          title: messageOf(fix['description'], rule) ?? 'Apply the fix of the tool',
          kind: 'suggestion' as const,
          edits: recordsOf(fix['artifactChanges']).flatMap((change) => editsOf(change, run)),
        })),
      },
    ];
  });
}

function messageOf(value: unknown, rule: Json): string | undefined {
  const message = recordOf(value);
  const id = textOf(message['id']);
  const stored = id === undefined ? {} : recordOf(recordOf(rule['messageStrings'])[id]);
  const text = textOf(message['text']) ?? textOf(stored['text']);
  const values: readonly unknown[] = Array.isArray(message['arguments']) ? message['arguments'] : [];
  return text?.replaceAll(/\{(\d+)\}/g, (whole, index: string) => textOf(values[Number(index)]) ?? whole);
}

function placeOf(location: Json, run: Json): { readonly file: string; readonly place: ToolPlace }[] {
  const physical = recordOf(location['physicalLocation']);
  const file = fileOf(recordOf(physical['artifactLocation']), run);
  return file === undefined ? [] : [{ file, place: regionOf(recordOf(physical['region'])) }];
}

/** An address may be relative to a base that the run defines, or only an index of the run's files. */
function fileOf(artifact: Json, run: Json): string | undefined {
  const index = numberOf(artifact['index']);
  const uri = textOf(artifact['uri']);
  if (uri === undefined) {
    const listed = index === undefined ? undefined : recordsOf(run['artifacts'])[index];
    return listed === undefined ? undefined : fileOf({ ...recordOf(listed['location']), index: undefined }, run);
  }
  if (/^[a-z][\w+.-]+:/i.test(uri)) return uri;
  const base = textOf(recordOf(recordOf(run['originalUriBaseIds'])[String(artifact['uriBaseId'])])['uri']);
  if (base === undefined || !base.startsWith('file:')) return unescaped(uri);
  return `${base.replace(/\/?$/, '/')}${uri}`;
}

function unescaped(uri: string): string {
  try {
    return decodeURIComponent(uri);
  } catch {
    // It is not escaped, and contains a per cent sign.
    return uri;
  }
}

function regionOf(region: Json): ToolPlace {
  const line = numberOf(region['startLine']);
  const offset = numberOf(region['charOffset']);
  if (line === undefined && offset !== undefined) {
    return { offsets: [offset, offset + (numberOf(region['charLength']) ?? 0)] };
  }
  const column = numberOf(region['startColumn']);
  const endLine = numberOf(region['endLine']) ?? line ?? 1;
  const endColumn = numberOf(region['endColumn']);
  const end = endColumn === undefined && column !== undefined && endLine === line ? undefined : { line: endLine, column: endColumn }; // prettier-ignore
  return { start: { line: line ?? 1, column }, end };
}

function editsOf(change: Json, run: Json): readonly ToolEdit[] {
  const file = fileOf(recordOf(change['artifactLocation']), run);
  return recordsOf(change['replacements']).map((replacement) => ({
    ...(file === undefined ? {} : { file }),
    place: regionOf(recordOf(replacement['deletedRegion'])),
    newText: textOf(recordOf(replacement['insertedContent'])['text']) ?? '',
  }));
}

function failuresOf(run: Json): readonly string[] {
  return recordsOf(run['invocations']).flatMap((invocation) => {
    const notes = ['toolExecutionNotifications', 'toolConfigurationNotifications'].flatMap((key) =>
      recordsOf(invocation[key]).filter(({ level }) => level === 'error'),
    );
    const said = notes.flatMap(({ message }) => messageOf(message, {}) ?? []);
    if (said.length > 0) return said;
    return invocation['executionSuccessful'] === false ? ['It reports that it did not succeed.'] : [];
  });
}
