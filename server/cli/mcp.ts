/** `bulkhead mcp`: the analysis of a folder for agents, until the client has gone. */
import type { AnalysisArguments } from './arguments.ts';
import { expectKnown, folderSettings, rootFolder } from './open.ts';

/** @throws UsageError */
export async function mcp(argumentsOf: AnalysisArguments): Promise<number> {
  const root = await rootFolder(argumentsOf.folder);
  const { detectors = [], maxWorkers } = argumentsOf;
  await expectKnown(root, detectors);
  const { serve } = await import('../mcp/serve.ts');
  return serve(root, {
    // Shares the analysis with editors, and does it where there is none.
    settings: { ...folderSettings(root, argumentsOf, { hideBaseline: true }), sharing: { role: 'member' } },
    ...(maxWorkers === undefined ? {} : { poolSettings: { maxWorkers } }),
  });
}
