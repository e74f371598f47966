/** The arguments of bubblewrap (`bwrap`) for a policy. It makes namespaces, so it needs no privileges. Stateless. */
import { layoutOf } from './policy.ts';
import type { SandboxPolicy } from './policy.ts';

/** Programs and libraries of the system, and how it resolves names of users and time zones. No keys, no passwords. */
const SYSTEM = [
  '/usr',
  '/bin',
  '/sbin',
  '/lib',
  '/lib32',
  '/lib64',
  '/libx32',
  '/nix/store',
  '/gnu/store',
  '/etc/alternatives',
  '/etc/ca-certificates',
  '/etc/group',
  '/etc/hosts',
  '/etc/ld.so.cache',
  '/etc/ld.so.conf',
  '/etc/ld.so.conf.d',
  '/etc/localtime',
  '/etc/nsswitch.conf',
  '/etc/os-release',
  '/etc/passwd',
  '/etc/pki/tls/certs',
  '/etc/ssl/certs',
  '/etc/ssl/openssl.cnf',
  '/etc/timezone',
  // Node asks how much memory and how many cores it has.
  '/sys/devices/system/cpu',
  '/sys/fs/cgroup',
  '/sys/kernel/mm/transparent_hugepage',
];

/** With `network: 'host'`. */
const NAME_RESOLUTION = ['/etc/resolv.conf', '/etc/gai.conf', '/etc/host.conf'];

/** The id that the worker's process has in its namespace: the first one is bubblewrap's own. */
export const INSIDE_PID = 2;

/** @param program with its arguments */
export function bubblewrapArguments(policy: SandboxPolicy, program: readonly string[]): readonly string[] {
  const hasNetwork = policy.network === 'host';
  const read = [...SYSTEM, ...(hasNetwork ? NAME_RESOLUTION : []), ...policy.read];
  const { mounts, links } = layoutOf({ ...policy, read });
  return [
    ...['--unshare-user', '--unshare-pid', '--unshare-ipc', '--unshare-uts', '--unshare-cgroup-try'],
    ...(hasNetwork ? [] : ['--unshare-net']),
    ...['--die-with-parent', '--cap-drop', 'ALL'],
    ...['--proc', '/proc', '--dev', '/dev', '--tmpfs', '/tmp'],
    ...mounts.flatMap(({ path, writable }) => [writable ? '--bind' : '--ro-bind', path, path]),
    ...[...links].flatMap(([place, target]) => ['--symlink', target, place]),
    // What is left is the empty folders around the mounts.
    ...['--remount-ro', '/', '--'],
    ...program,
  ];
}
