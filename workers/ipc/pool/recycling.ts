/** When a worker that has nothing to do is replaced by a new one: code leaks, and a new process is the only sure cure. */

/** `Infinity` is no limit. */
export interface RecyclingLimits {
  readonly memoryBytes: number;
  /** Tasks that one worker does at most. */
  readonly tasks: number;
}

export interface Usage {
  readonly memoryBytes: number;
  readonly tasks: number;
}

/** One per worker. */
export class Recycling {
  /** 0.9 to 1.1 of each limit, so that equal workers are not all replaced at the same time. */
  readonly #share: number;

  /** @param random uniform in [0, 1) */
  constructor(random: () => number) {
    this.#share = 0.9 + 0.2 * random();
  }

  /** Why a worker should go now, if it should. The number of tasks is kept exactly; it is a promise. */
  due({ memoryBytes, tasks }: Usage, limits: RecyclingLimits): 'memory' | 'tasks' | undefined {
    if (tasks >= limits.tasks) return 'tasks';
    return memoryBytes > limits.memoryBytes * this.#share ? 'memory' : undefined;
  }
}
