/** What the conformance suite is about: each driver, with each way it carries messages. */
import { binarySerializer } from '../../../workers/ipc/index.ts';
import type { DriverName } from '../../../workers/ipc/index.ts';
import type { AnyWorkerOptions } from '../../../workers/ipc/options.ts';

export interface Subject {
  readonly title: string;
  readonly driver: DriverName;
  readonly options?: AnyWorkerOptions;
  /** Values are cloned: Map, bigint and the like cross the line. */
  readonly clones: boolean;
}

export const subjects: readonly Subject[] = [
  { title: 'child-process', driver: 'child-process', clones: false },
  { title: 'child-process, binary', driver: 'child-process', clones: true, options: { serializer: binarySerializer } },
  { title: 'stdio', driver: 'stdio', clones: false },
  { title: 'worker-threads', driver: 'worker-threads', clones: true },
  { title: 'inline', driver: 'inline', clones: true },
];
