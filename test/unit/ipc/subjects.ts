/** What the conformance suite is about: each driver, with each way it carries messages. */
import { binarySerializer } from '../../../workers/ipc/index.ts';
import type { DriverName, WorkerDriver } from '../../../workers/ipc/index.ts';
import type { AnyWorkerOptions } from '../../../workers/ipc/options.ts';
import { ContainerDriver } from '../../../workers/ipc/drivers/container.ts';
import { engineImage, policy, realEngine, roomy, StandIn } from '../../support/container.ts';

export interface Subject {
  readonly title: string;
  readonly driver: DriverName | WorkerDriver;
  readonly options?: AnyWorkerOptions;
  /** Values are cloned: Map, bigint and the like cross the line. */
  readonly clones: boolean;
}

/** The stand-in needs a system with paths as in a container. */
function containers(): readonly Subject[] {
  if (process.platform === 'win32') return [];
  const standIn = new StandIn();
  process.once('exit', () => standIn.remove());
  const options = { sandbox: policy };
  const title = 'container, by a stand-in for the engine';
  return [
    { title, driver: standIn.driver(), options, clones: false },
    {
      title: `${title}, binary`,
      driver: standIn.driver(),
      options: { ...options, serializer: binarySerializer },
      clones: true,
    },
  ];
}

export const subjects: readonly Subject[] = [
  { title: 'child-process', driver: 'child-process', clones: false },
  { title: 'child-process, binary', driver: 'child-process', clones: true, options: { serializer: binarySerializer } },
  { title: 'stdio', driver: 'stdio', clones: false },
  { title: 'worker-threads', driver: 'worker-threads', clones: true },
  { title: 'inline', driver: 'inline', clones: true },
  ...containers(),
];

/** Containers of the engine that answers here; none where none does. */
export async function realContainers(): Promise<readonly Subject[]> {
  const engine = await realEngine();
  if (engine === undefined) return [];
  const driver = new ContainerDriver({ engine: engine.command, image: engineImage(engine) }, roomy);
  return [
    { title: `container, by ${engine.kind} ${engine.version}`, driver, options: { sandbox: policy }, clones: false },
  ];
}
