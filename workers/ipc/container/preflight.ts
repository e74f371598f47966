/** What is checked before a container starts, each with its own words. Lives as long as its driver. */
import { refuseLimits } from './arguments.ts';
import { ask, findEngine } from './engine.ts';
import type { Engine } from './engine.ts';
import { ContainerError, containerFailure } from './failures.ts';
import { removeOrphans } from './orphans.ts';
import type { ContainerLimits, ContainerPolicy } from './policy.ts';
import { checkRoom } from './room.ts';
import type { MachineRoom } from './room.ts';

export interface PreflightOptions {
  readonly image: string;
  readonly engine: string | undefined;
  readonly pull: 'never' | 'missing';
  readonly room: () => Promise<MachineRoom>;
}

/** An image may be large, and the network slow. */
const PULL_MS = 30 * 60_000;

/** By command: what hosts before us left has been removed. */
const swept = new Set<string>();

export class Preflight {
  readonly #options: PreflightOptions;
  /** What is there stays there; what is not is looked for again at the next start. */
  #engine: Promise<Engine> | undefined;
  #image: Promise<void> | undefined;

  constructor(options: PreflightOptions) {
    this.#options = options;
  }

  /** @throws ContainerError */
  async engine(): Promise<Engine> {
    this.#engine ??= findEngine(this.#options.engine);
    try {
      return await this.#engine;
    } catch (error) {
      this.#engine = undefined;
      throw error;
    }
  }

  /** @throws ContainerError when no container can be started, DriverError for a limit that does not hold here */
  async check(limits: ContainerLimits, policy: ContainerPolicy): Promise<Engine> {
    const engine = await this.engine();
    refuseLimits(policy, engine);
    await sweepOnce(engine);
    this.#image ??= this.#findImage(engine);
    try {
      await this.#image;
    } catch (error) {
      this.#image = undefined;
      throw error;
    }
    checkRoom(await this.#options.room(), limits, engine.memoryBytes);
    return engine;
  }

  /** The image was there and is not any more: the next start looks again. */
  forget(): void {
    this.#engine = undefined;
    this.#image = undefined;
  }

  async #findImage({ command }: Engine): Promise<void> {
    const { image, pull } = this.#options;
    const { code, stderr } = await ask(command, ['image', 'inspect', '--format', '{{.Id}}', image]);
    if (code === 0) return;
    const failure = containerFailure(stderr);
    if (failure.cause !== 'no-image') throw new ContainerError(failure);
    const isId = image.startsWith('sha256:');
    if (pull === 'missing' && !isId) {
      const pulled = await ask(command, ['pull', '--quiet', image], PULL_MS);
      if (pulled.code === 0) return;
      const { said, message: why } = containerFailure(pulled.stderr);
      throw new ContainerError({
        cause: 'no-image',
        message: `The image '${image}' could not be fetched: ${why}`,
        said,
      });
    }
    const wayOut = isId
      ? 'It is named by its id, so it has to be built or loaded on this machine.'
      : `Fetch it: '${command} pull ${image}' (or set 'pull' to 'missing').`;
    throw new ContainerError({ ...failure, message: `The image '${image}' is not on this machine. ${wayOut}` });
  }
}

/** Once per process and engine. */
async function sweepOnce({ command }: Engine): Promise<void> {
  if (swept.has(command)) return;
  swept.add(command);
  await removeOrphans(command);
}
