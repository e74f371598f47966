/** Hosts that a sandboxed worker may reach by name, and addresses that no name may lead to. Stateless. */
import net from 'node:net';
import os from 'node:os';
import { domainToASCII } from 'node:url';

/** A host and a port of an allow-list. */
export interface AllowedHost {
  /** In lower case and ASCII, without a full stop at the end. */
  readonly host: string;
  readonly port: number;
}

const LABEL = /^[a-z\d_](?:[\w-]{0,61}[a-z\d_])?$/;
const LONGEST_NAME = 253;
/** What resolvers take for a number, and so for an address: `1`, `0x7f.1`. */
const NUMBER = /^(?:\d+|0x[\da-f]*)$/;

/** @returns the host and port, or a sentence that says what is wrong with the text */
export function allowedHostOf(text: string): AllowedHost | string {
  const [, name = '', digits = ''] = /^(.+):(\d{1,5})$/.exec(text.trim()) ?? [];
  const port = Number(digits);
  if (name === '' || port < 1 || port > 65_535)
    return `${JSON.stringify(text)} is no host with a port, such as "registry.example.org:443".`;
  if (isAddress(name))
    return `${JSON.stringify(text)} is an address. Name the host instead, because addresses are never reached.`;
  if (name.includes('*')) return `${JSON.stringify(text)} is a pattern. Name each host on its own.`;
  const host = hostName(name);
  return host === undefined ? `${JSON.stringify(text)} does not begin with the name of a host.` : { host, port };
}

/** As it is compared; undefined for what is no name. */
export function hostName(text: string): string | undefined {
  const name = domainToASCII(text.replace(/\.$/, ''));
  if (name === '' || name.length > LONGEST_NAME || isAddress(name)) return undefined;
  return name.split('.').every((label) => LABEL.test(label)) ? name : undefined;
}

/** Also in the ways of writing that only some programs know. */
export function isAddress(name: string): boolean {
  const bare = name
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '')
    .toLowerCase();
  return net.isIP(bare.replace(/%.*$/, '')) !== 0 || bare.includes(':') || NUMBER.test(bare.split('.').at(-1) ?? '');
}

type Range = readonly [network: string, bits: number, what: string];

const IPV4: readonly Range[] = [
  ['0.0.0.0', 8, 'an unspecified address'],
  ['10.0.0.0', 8, 'a private address'],
  ['100.64.0.0', 10, 'an address of a shared network'],
  ['127.0.0.0', 8, 'a loopback address'],
  // Before the rest of link-local addresses: what clouds tell their machines, keys included.
  ['169.254.169.254', 32, 'a metadata service'],
  ['169.254.0.0', 16, 'a link-local address'],
  ['168.63.129.16', 32, 'a metadata service'],
  ['172.16.0.0', 12, 'a private address'],
  ['192.0.0.0', 24, 'a reserved address'],
  ['192.0.2.0', 24, 'a reserved address'],
  ['192.88.99.0', 24, 'a reserved address'],
  ['192.168.0.0', 16, 'a private address'],
  ['198.18.0.0', 15, 'a reserved address'],
  ['198.51.100.0', 24, 'a reserved address'],
  ['203.0.113.0', 24, 'a reserved address'],
  ['224.0.0.0', 4, 'a multicast address'],
  ['240.0.0.0', 4, 'a reserved address'],
];

const IPV6: readonly Range[] = [
  ['::', 128, 'an unspecified address'],
  ['::1', 128, 'a loopback address'],
  ['fc00::', 7, 'a private address'],
  ['fe80::', 10, 'a link-local address'],
  ['fec0::', 10, 'a private address'],
  ['ff00::', 8, 'a multicast address'],
  ['2001::', 23, 'a reserved address'],
  ['2001:db8::', 32, 'a reserved address'],
  ['3fff::', 20, 'a reserved address'],
];
/** All that is given to machines of the internet. */
const PUBLIC_IPV6 = ['2000::', 3] as const;

/** Where an IPv6 address holds an IPv4 address, from which byte on. */
const EMBEDDED = [
  ['::ffff:0:0', 96, 12],
  ['::ffff:0:0:0', 96, 12],
  ['64:ff9b::', 96, 12],
  ['2002::', 16, 2],
] as const;

/** Why no name may lead there; undefined for a machine of the internet that is not this one. */
export function refusedAddress(address: string): string | undefined {
  if (ownAddresses().has(address)) return 'an address of this machine';
  const ipv4 = net.isIPv4(address) ? address : embeddedIPv4(address);
  if (ipv4 !== undefined) return rangeOf(ipv4, IPV4, 'ipv4');
  if (!net.isIPv6(address)) return 'no address';
  const range = rangeOf(address, IPV6, 'ipv6');
  return range ?? (isIn(address, PUBLIC_IPV6[0], PUBLIC_IPV6[1], 'ipv6') ? undefined : 'a reserved address');
}

function rangeOf(address: string, ranges: readonly Range[], family: 'ipv4' | 'ipv6'): string | undefined {
  return ranges.find(([network, bits]) => isIn(address, network, bits, family))?.[2];
}

function isIn(address: string, network: string, bits: number, family: 'ipv4' | 'ipv6'): boolean {
  const [one, other] = [bytesOf(address, family), bytesOf(network, family)];
  return one.every((byte, index) => {
    const left = Math.min(8, Math.max(0, bits - 8 * index));
    return (byte ^ (other[index] ?? 0)) >> (8 - left) === 0;
  });
}

function embeddedIPv4(address: string): string | undefined {
  if (!net.isIPv6(address)) return undefined;
  const found = EMBEDDED.find(([network, bits]) => isIn(address, network, bits, 'ipv6'));
  return found === undefined
    ? undefined
    : bytesOf(address, 'ipv6')
        .slice(found[2], found[2] + 4)
        .join('.');
}

function bytesOf(address: string, family: 'ipv4' | 'ipv6'): readonly number[] {
  if (family === 'ipv4') return address.split('.').map(Number);
  const text = address.replace(/%.*$/, '').replace(/[\d.]+$/, (end) => {
    if (!end.includes('.')) return end;
    const [a = 0, b = 0, c = 0, d = 0] = end.split('.').map(Number);
    return `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
  });
  const [head = '', tail] = text.split('::');
  const groups = (part: string): readonly string[] => part.split(':').filter(Boolean);
  const [before, after] = [groups(head), groups(tail ?? '')];
  const zeros = tail === undefined ? 0 : 8 - before.length - after.length;
  const all = [...before, ...Array.from({ length: zeros }, () => '0'), ...after].map((group) =>
    Number.parseInt(group, 16),
  );
  return all.flatMap((group) => [group >> 8, group & 0xff]);
}

/** A service of this machine may listen at all of them, and count on a firewall. */
function ownAddresses(): ReadonlySet<string> {
  return new Set(Object.values(os.networkInterfaces()).flatMap((all = []) => all.map(({ address }) => address)));
}
