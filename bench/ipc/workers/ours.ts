/** The same work with this library. */
import { startWorkerServer } from '../../../workers/ipc/index.ts';
import type { DefineMessages } from '../../../workers/ipc/index.ts';
import { sampleIssue } from '../issue.ts';
import type { SampleIssue } from '../issue.ts';

export type BenchMessages = DefineMessages<{
  echo: { payload: unknown; result: unknown };
  issues: { payload: number; result: number; event: SampleIssue };
}>;

await startWorkerServer<BenchMessages>({
  echo: (payload) => payload,
  issues: async (count, { emit }) => {
    for (let n = 0; n < count; n += 1) {
      const room = emit(sampleIssue(n));
      if (room !== undefined) await room;
    }
    return count;
  },
});
