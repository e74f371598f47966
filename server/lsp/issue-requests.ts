/** Answers the client's requests about issues. Lives as long as the connection. */
import type { Connection } from 'vscode-languageserver/node';
import {
  issueRequests,
  type AnalyzePartParams,
  type BaselineParams,
  type BaselineResult,
  type ExportedIssues,
  type ExportParams,
  type ExportResult,
} from '../../workers/protocol/issue-requests.ts';
import { uriOf } from './uris.ts';
import { writeJson } from './write-json.ts';
import type { Workspace } from './workspace.ts';

export function answerIssueRequests(connection: Connection, workspace: () => Workspace | undefined): void {
  connection.onRequest(issueRequests.analyzePart, async ({ uris }: AnalyzePartParams) => {
    await workspace()?.analyzePart(uris);
    return null;
  });
  connection.onRequest(issueRequests.exportIssues, async ({ file }: ExportParams): Promise<ExportResult> => {
    const visible = workspace()?.visibleIssues ?? [];
    const folders = visible.map(({ root, issues }) => ({ uri: uriOf(root, ''), issues }));
    await writeJson(file, { folders } satisfies ExportedIssues);
    return { issues: folders.reduce((sum, { issues }) => sum + issues.length, 0) };
  });
  connection.onRequest(issueRequests.baseline, async ({ action }: BaselineParams): Promise<BaselineResult> => {
    const counts = (await workspace()?.baseline(action)) ?? [];
    const sum = (key: 'known' | 'fresh' | 'fixed'): number => counts.reduce((total, each) => total + each[key], 0);
    return {
      files: counts.flatMap(({ file }) => file ?? []),
      ...{ known: sum('known'), fresh: sum('fresh'), fixed: sum('fixed') },
    };
  });
  connection.onRequest(issueRequests.clearCache, async () => {
    await workspace()?.clearCache();
    return null;
  });
}
