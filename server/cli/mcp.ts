/** `bulkhead mcp`: the analysis of a folder for agents, until the client has gone. */
import { existsSync } from 'node:fs';
import { UsageError, type AnalysisArguments } from './arguments.ts';
import { baselineFileOf } from './baseline-file.ts';
import { expectKnown, folderSettings, rootFolder } from './open.ts';

/** @throws UsageError */
export async function mcp(argumentsOf: AnalysisArguments): Promise<number> {
  const root = await rootFolder(argumentsOf.folder);
  const { baselineFile, detectors = [], maxWorkers } = argumentsOf;
  // A baseline that is misspelled would hide nothing.
  if (baselineFile !== undefined && !existsSync(baselineFileOf(root, baselineFile)))
    throw new UsageError(
      `Baseline not found: ${baselineFile}. Create it with: bulkhead baseline --baseline ${baselineFile}`,
    );
  await expectKnown(root, detectors);
  const { serve } = await import('../mcp/serve.ts');
  return serve(root, {
    // Shares the analysis with editors, and does it where there is none.
    settings: { ...folderSettings(root, argumentsOf, { hideBaseline: true }), sharing: { role: 'member' } },
    ...(maxWorkers === undefined ? {} : { poolSettings: { maxWorkers } }),
  });
}
