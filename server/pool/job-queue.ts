/** The queued jobs of one partition: by rank, jobs that may share a process before those that must run alone, by age. */
import { PriorityQueue } from '../../workers/ipc/pool/priority-queue.ts';
import type { Job } from './job.ts';

export class JobQueue extends PriorityQueue<Job> {
  constructor() {
    super(({ rank, alone }) => 2 * rank + Number(alone));
  }
}
