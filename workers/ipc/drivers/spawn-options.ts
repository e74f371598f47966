/** The options that go on to Node's `spawn`. Those that the library sets itself would break what it promises. */
import type { LaunchOptions, ProcessSpawnOptions } from '../driver.ts';
import { DriverError } from '../errors.ts';

const PASSED_ON = new Set<string>([
  'uid',
  'gid',
  'argv0',
  'windowsHide',
  'windowsVerbatimArguments',
] satisfies (keyof ProcessSpawnOptions)[]);

/** What to use instead. */
const INSTEAD: Readonly<Record<string, string>> = {
  cwd: "the option 'cwd'",
  env: "the option 'env'",
  stdio: "the option 'stdio'",
  detached: "the option 'detached': the process leads a group of its own in any case",
  serialization: "the option 'serializer'",
  signal: "the option 'signal'",
  timeout: "the option 'timeouts'",
  killSignal: "what 'close' takes",
  shell: "the options 'command' and 'args' of the driver 'stdio'",
};

/** @throws DriverError for the first that is not passed on */
export function spawnOptionsOf({ spawnOptions = {} }: LaunchOptions): ProcessSpawnOptions {
  for (const [name, value] of Object.entries(spawnOptions)) {
    if (value === undefined || PASSED_ON.has(name)) continue;
    const instead = Object.hasOwn(INSTEAD, name) ? ` Use ${INSTEAD[name]}.` : '';
    throw new DriverError(
      `The option 'spawnOptions' cannot set '${name}', only ${[...PASSED_ON].join(', ')}.${instead}`,
    );
  }
  return spawnOptions;
}
