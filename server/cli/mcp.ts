/** `bulkhead mcp`: the analysis of a folder for agents, until the client has gone. */
import { existsSync } from 'node:fs';
import { UsageError, type McpArguments } from './arguments.ts';
import { baselineFileOf } from './baseline-file.ts';
import { expectKnown, folderSettings, rootFolder } from './open.ts';

/** @throws UsageError */
export async function mcp(argumentsOf: McpArguments): Promise<number> {
  const root = await rootFolder(argumentsOf.folder);
  const { baselineFile, detectors = [], maxWorkers } = argumentsOf;
  // A baseline that is misspelled would hide nothing.
  if (baselineFile !== undefined && !existsSync(baselineFileOf(root, baselineFile)))
    throw new UsageError(
      `Baseline not found: ${baselineFile}. Create it with: bulkhead baseline --baseline ${baselineFile}`,
    );
  await expectKnown(root, detectors);
  const [{ serve }, { ListenError }] = await Promise.all([import('../mcp/serve.ts'), import('../mcp/http.ts')]);
  try {
    const options = {
      // Shares the analysis with editors, and does it where there is none.
      settings: { ...folderSettings(root, argumentsOf, { hideBaseline: true }), sharing: { role: 'member' } },
      ...(maxWorkers === undefined ? {} : { poolSettings: { maxWorkers } }),
    } as const;
    return await serve(root, options, argumentsOf.http);
  } catch (error) {
    throw error instanceof ListenError ? new UsageError(error.message, { cause: error }) : error;
  }
}
