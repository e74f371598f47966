/** A task for workerpool. */
import workerpool from 'workerpool';
import { sampleIssue } from '../issue.ts';

workerpool.worker({
  echo: (value: unknown) => value,
  singles: (count: number) => {
    for (let n = 0; n < count; n += 1) workerpool.workerEmit(sampleIssue(n));
    return count;
  },
});
