/** The profile of macOS's Seatbelt (`sandbox-exec`) for a policy. Stateless. */
import { layoutOf } from './policy.ts';
import type { Layout, SandboxPolicy } from './policy.ts';
import type { RelayPlace } from './relay.ts';

const SYSTEM = [
  '/System',
  '/usr',
  '/bin',
  '/sbin',
  '/Library/Apple',
  '/Library/Developer/CommandLineTools',
  '/private/etc/localtime',
  '/private/etc/passwd',
  '/private/etc/group',
  '/private/etc/hosts',
  '/private/etc/ssl',
  '/private/var/db/timezone',
  '/private/var/db/dyld',
  '/opt/homebrew',
];

const DEVICES = ['/dev/null', '/dev/zero', '/dev/random', '/dev/urandom', '/dev/dtracehelper', '/dev/tty', '/dev/fd'];

/**
 * @param scratch the temporary folder
 * @param relay the way to allowed hosts
 * @param layout of all paths; for tests, which run where macOS's folders are not
 */
export function seatbeltProfile(
  policy: SandboxPolicy,
  scratch: string,
  relay?: RelayPlace,
  layout: Layout = layoutOf({ ...policy, read: [...SYSTEM, ...policy.read], write: [...policy.write, scratch] }),
): string {
  const allow = (operation: string, filters: readonly string[]): string =>
    `(allow ${operation}${filters.map((filter) => `\n  ${filter}`).join('')})`;
  const subpaths = layout.mounts.map(({ path }) => `(subpath ${quoted(path)})`);
  const links = [...layout.links.keys()].map((place) => `(literal ${quoted(place)})`);
  const devices = DEVICES.map((device) => `(subpath ${quoted(device)})`);
  return `${[
    '(version 1)',
    '(deny default)',
    '(allow process-fork process-exec)',
    '(allow signal (target same-sandbox))',
    '(allow process-info* (target same-sandbox))',
    '(allow sysctl-read)',
    '(allow mach-lookup (global-name "com.apple.system.opendirectoryd.libinfo"))',
    '(allow file-read-metadata)',
    allow('file-read*', ['(literal "/")', ...subpaths, ...links, ...devices]),
    allow('file-write-data', devices),
    // The last rule that fits decides, so inner folders come after the outer ones.
    ...layout.mounts.map(
      ({ path, writable }) => `(${writable ? 'allow' : 'deny'} file-write* (subpath ${quoted(path)}))`,
    ),
    // The worker's own line to its host.
    ...layout.mounts
      .filter(({ writable }) => writable)
      .map(({ path }) => `(allow network* (local unix-socket (subpath ${quoted(path)})))`),
    ...(policy.network === 'host' ? ['(allow network*)'] : []),
    ...(relay === undefined
      ? []
      : [
          `(allow network-outbound (literal ${quoted(relay.socketPath)}) (remote ip "localhost:${relay.port}"))`,
          `(allow network-bind network-inbound (local ip "localhost:${relay.port}"))`,
        ]),
  ].join('\n')}\n`;
}

function quoted(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}
