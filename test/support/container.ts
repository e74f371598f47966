/** Engines of containers for tests: a stand-in that works everywhere, and the real one where one answers. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { ContainerDriver } from '../../workers/ipc/drivers/container.ts';
import type { ContainerMachine, ContainerPolicy, ContainerSettings } from '../../workers/ipc/drivers/container.ts';
import { nodeProcess } from '../../server/pool/runtimes.ts';
import type { WorkerRuntime } from '../../server/pool/worker-entry.ts';
import { findEngine } from '../../workers/ipc/container/engine.ts';
import type { Engine } from '../../workers/ipc/container/engine.ts';

/** What the stand-in does otherwise than well. */
export interface Play {
  /** By command: what it says, and its exit code. */
  readonly fail?: Readonly<Record<string, { readonly said: string; readonly code: number; readonly stdout?: string }>>;
  /** Commands that never end. */
  readonly hangs?: readonly string[];
  readonly info?: object;
  /** Those that are there. Default: all. */
  readonly images?: readonly string[];
}

/** Of the form that an image needs; the stand-in has no images. */
export const SOME_IMAGE = `example.org/node@sha256:${'ab'.repeat(32)}`;

const program = path.join(import.meta.dirname, '../fixtures/ipc/container/engine.ts');

export class StandIn {
  readonly folder = mkdtempSync(path.join(os.tmpdir(), 'stand-in-'));
  readonly command: string;

  constructor(kind: 'docker' | 'podman' = 'docker') {
    this.command = path.join(this.folder, kind);
    const quoted = [process.execPath, program, this.folder].map((word) => `'${word}'`).join(' ');
    writeFileSync(this.command, `#!/bin/sh\nexec ${quoted} ${kind} "$@"\n`);
    chmodSync(this.command, 0o755);
  }

  play(play: Play): void {
    writeFileSync(path.join(this.folder, 'play.json'), JSON.stringify(play));
  }

  /** What it was told, without what the container runs. */
  asked(verb?: string): readonly (readonly string[])[] {
    const file = path.join(this.folder, 'asked.jsonl');
    const lines = existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
    return lines.map((line) => JSON.parse(line) as string[]).filter(([name]) => verb === undefined || name === verb);
  }

  /** Of the last command of this kind. */
  pid(verb: string): number {
    return Number(readFileSync(path.join(this.folder, `${verb}.pid`), 'utf8'));
  }

  containers(): readonly string[] {
    const folder = path.join(this.folder, 'containers');
    return existsSync(folder) ? readdirSync(folder) : [];
  }

  /** A container that another host has started. @returns its name */
  put(name: string, system: string): string {
    mkdirSync(path.join(this.folder, 'containers'), { recursive: true });
    // No process group has that number.
    const pid = 2 ** 31 - 2;
    writeFileSync(this.#file(name), JSON.stringify({ pid, labels: [`bulkhead.system=${system}`] }));
    return name;
  }

  take(name: string): void {
    rmSync(this.#file(name));
  }

  #file(name: string): string {
    return path.join(this.folder, 'containers', name);
  }

  driver(settings: Partial<ContainerSettings> = {}, machine: ContainerMachine = roomy): ContainerDriver {
    return new ContainerDriver({ image: SOME_IMAGE, engine: this.command, ...settings }, machine);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Tests run beside others. */
export const roomy: ContainerMachine = { room: () => Promise.resolve({ memory: undefined, pids: undefined }) };

/** Reads this repository. */
export const policy: ContainerPolicy = {
  network: 'none',
  read: [path.join(import.meta.dirname, '../..')],
  write: [],
  env: ['LANG'],
};

/** Workers of a pool in containers, which may write to the folder that they analyse. */
export function inContainers(driver: ContainerDriver): WorkerRuntime {
  return {
    driver,
    options: (start) => {
      const { script, execArgv } = nodeProcess.options(start);
      return { script, execArgv, sandbox: { ...policy, write: [start.root], pids: 4_096 } };
    },
    heartbeat: true,
  };
}

/** Undefined where none answers. */
export async function realEngine(): Promise<Engine | undefined> {
  return process.platform === 'win32' ? undefined : findEngine().catch(() => undefined);
}

let image: string | undefined;

/** Made once per process. @returns its id */
export function engineImage(engine: Engine): string {
  return (image ??= buildImage(engine));
}

/** An image with the Node that runs the tests, made without a registry. @returns its id */
function buildImage({ command }: Engine): string {
  const name = `bulkhead-test-node:${process.version}-${process.arch}-3`;
  const idOf = (): string => {
    const { stdout } = spawnSync(command, ['image', 'inspect', '--format', '{{.Id}}', name], { encoding: 'utf8' });
    return stdout.trim() === '' ? '' : `sha256:${stdout.trim().replace(/^sha256:/, '')}`;
  };
  // It stays, so that not every run leaves another one.
  const known = idOf();
  if (known !== '') return known;
  const folder = mkdtempSync(path.join(os.tmpdir(), 'node-image-'));
  try {
    // The root of the container.
    chmodSync(folder, 0o755);
    const node = process.execPath;
    // What the detectors of tests start.
    const tools = ['/usr/bin/mkfifo', '/usr/bin/kill', '/bin/kill'].filter((file) => existsSync(file));
    const libraries = spawnSync('ldd', [node, ...tools], { encoding: 'utf8' }).stdout.matchAll(/(\/\S+) \(0x/g);
    for (const [from, to] of [
      [node, '/usr/bin/node'],
      ...tools.map((file) => [file, `/usr/bin/${path.basename(file)}`] as const),
      ...[...libraries].map(([, file = '']) => [file, file]),
    ] as const) {
      mkdirSync(path.join(folder, path.dirname(to)), { recursive: true });
      copyFileSync(from, path.join(folder, to));
    }
    for (const empty of ['tmp', 'etc', 'proc', 'sys', 'dev']) mkdirSync(path.join(folder, empty), { recursive: true });
    const tar = spawnSync('tar', ['-c', '-C', folder, '.'], { maxBuffer: 1 << 30 });
    const made = spawnSync(command, ['import', '--change', 'ENV PATH=/usr/bin', '-', name], {
      input: tar.stdout,
      encoding: 'utf8',
      maxBuffer: 1 << 26,
    });
    if (made.status !== 0) throw new Error(`No image could be made: ${made.stderr}`);
    return idOf();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** One for each test of a suite, which leaves no container. */
export function standInOfEach(): () => StandIn {
  let standIn: StandIn;
  beforeEach(() => {
    standIn = new StandIn();
  });
  afterEach(() => {
    const left = standIn.containers();
    standIn.remove();
    assert.deepEqual(left, []);
  });
  return () => standIn;
}
