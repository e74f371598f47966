/** Hosts that a sandbox allows: which texts and addresses are refused, the proxy against any client, and the whole way. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { allowedHostOf, createWorker, type NetworkAttempt } from '../../../workers/ipc/index.ts';
import { ChildProcessDriver } from '../../../workers/ipc/drivers/child-process.ts';
import { refusedAddress } from '../../../workers/ipc/sandbox/allow-list.ts';
import { AllowProxy, type ProxyOptions } from '../../../workers/ipc/sandbox/proxy.ts';
import { newRelayPlace, startRelay } from '../../../workers/ipc/sandbox/relay.ts';
import { canSandbox, sandbox } from '../../support/sandbox.ts';
import { fixture, rejection, soon, until } from './support.ts';

describe('allow-list', () => {
  it('takes names with ports, in one spelling, and says what is wrong with others', () => {
    assert.deepEqual(allowedHostOf('Registry.Example.org.:443'), { host: 'registry.example.org', port: 443 });
    assert.deepEqual(allowedHostOf('bücher.example:80'), { host: 'xn--bcher-kva.example', port: 80 });
    const wrong: readonly (readonly [string, RegExp])[] = [
      ['registry.example.org', /no host with a port/],
      ['registry.example.org:0', /no host with a port/],
      ['registry.example.org:65536', /no host with a port/],
      ['https://registry.example.org:443', /does not begin with the name|is an address/],
      ['*.example.org:443', /is a pattern/],
      ['a b:443', /does not begin with the name/],
      ['user@example.org:443', /does not begin with the name/],
      ['a..b:443', /does not begin with the name/],
      ...['10.0.0.1:443', '[::1]:443', '::1:443', '2130706433:80', '0x7f.1:80', '127.1:80', '1.1.1.1.:443'].map(
        (text) => [text, /is an address/] as const,
      ),
    ];
    for (const [text, message] of wrong) {
      const said = allowedHostOf(text);
      assert.ok(typeof said === 'string' && message.test(said), `${text}: ${JSON.stringify(said)}`);
    }
  });

  it('refuses every address that is not one of the internet, however it is wrapped', () => {
    const refused = [
      ...['0.0.0.0', '10.1.2.3', '100.64.0.1', '100.100.100.200', '127.0.0.1', '127.255.255.254', '169.254.1.1'],
      ...['169.254.169.254', '168.63.129.16', '172.16.0.1', '172.31.255.255', '192.168.0.1', '198.18.0.1'],
      ...['224.0.0.1', '255.255.255.255', '::', '::1', 'fc00::1', 'fd00:ec2::254', 'fe80::1', 'fe80::1%eth0'],
      ...['fec0::1', 'ff02::1', '2001:db8::1', '2001::1', '3fff::1', '4000::1', '64:ff9b:1::a00:1'],
      ...['::ffff:127.0.0.1', '::ffff:7f00:1', '::ffff:0:10.0.0.1', '64:ff9b::10.0.0.1', '64:ff9b::a9fe:a9fe'],
      ...['2002:7f00:1::', '2002:a00:1::1', '::10.0.0.1', 'no address'],
    ];
    for (const address of refused) assert.notEqual(refusedAddress(address), undefined, address);
    const reached = [
      ...['1.1.1.1', '172.15.0.1', '172.32.0.1', '100.63.0.1', '100.128.0.1', '8.8.8.8', '2606:4700::1111'],
      ...['::ffff:1.1.1.1', '64:ff9b::1.1.1.1', '64:ff9b::101:101', '2002:101:101::1'],
    ];
    for (const address of reached) assert.equal(refusedAddress(address), undefined, address);
    const own = Object.values(os.networkInterfaces()).flatMap((all = []) => all);
    for (const { address } of own) assert.notEqual(refusedAddress(address), undefined, address);
  });
});

/** Names of the test's own. The server on this machine stands for one on the internet. */
const NAMES: Readonly<Record<string, readonly string[]>> = {
  'allowed.test': ['127.0.0.1'],
  'other.test': ['127.0.0.1'],
  'private.test': ['10.0.0.1', '::ffff:192.168.0.1'],
  'metadata.test': ['169.254.169.254'],
  'mixed.test': ['10.0.0.1', '127.0.0.1'],
  'nowhere.test': [],
};
const lookups: string[] = [];
const proxyOptions: ProxyOptions = {
  lookup: (host) => {
    lookups.push(host);
    const found = NAMES[host];
    if (found === undefined) return Promise.reject(Object.assign(new Error('no name'), { code: 'ENOTFOUND' }));
    // A second question would be answered differently.
    return Promise.resolve(lookups.filter((name) => name === host).length > 1 ? ['10.0.0.1'] : found);
  },
  refused: (address) => (address === '127.0.0.1' ? undefined : refusedAddress(address)),
};

describe('proxy of allowed hosts', () => {
  let folder: string;
  let server: http.Server;
  let port: number;
  before(async () => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'allow-'));
    server = http.createServer((request, response) => response.end(`answer to ${request.headers.host ?? '?'}`));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    ({ port } = server.address() as net.AddressInfo);
  });
  beforeEach(() => void lookups.splice(0));
  after(() => {
    server.close();
    server.closeAllConnections();
    rmSync(folder, { recursive: true, force: true });
  });

  const open = (allow: readonly string[], options = proxyOptions) => {
    const attempts: NetworkAttempt[] = [];
    const socketPath = path.join(folder, `p${Math.random()}`);
    const proxy = new AllowProxy(allow, (attempt) => void attempts.push(attempt), options);
    proxy.listen(socketPath, (error) => assert.fail(error));
    /** Sends bytes, and gives all that comes back. */
    const exchange = async (bytes: string | Buffer, more?: string): Promise<string> => {
      const socket = net.connect(socketPath);
      let text = '';
      socket.setEncoding('latin1').on('data', (chunk: string) => {
        text += chunk;
        if (more !== undefined && text.startsWith('HTTP/1.1 200') && text.length < 60) socket.end(more);
      });
      socket.on('error', () => undefined);
      socket.write(bytes);
      if (more === undefined) socket.end();
      await soon(new Promise((resolve) => socket.once('close', resolve)), 'the end of the connection');
      return text;
    };
    const connect = (target: string, more?: string): Promise<string> =>
      exchange(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n\r\n`, more);
    return { proxy, attempts, exchange, connect };
  };
  const get = 'GET / HTTP/1.0\r\nHost: within\r\n\r\n';

  it('leads to what is allowed, with one lookup, and to nothing else', async () => {
    const allow = ['allowed.test', 'private.test', 'metadata.test', 'nowhere.test', 'unknown.test'];
    const { proxy, attempts, connect } = open(allow.map((host) => `${host}:${port}`));
    try {
      assert.match(await connect(`ALLOWED.test:${port}`, get), /^HTTP\/1\.1 200 .*answer to within$/s);
      assert.deepEqual(lookups, ['allowed.test']);
      assert.match(await connect(`allowed.test:${port}`), /^HTTP\/1\.1 403 .*leads to a private address\n$/s);
      const outcomes: readonly (readonly [string, NetworkAttempt['outcome'], RegExp])[] = [
        [`other.test:${port}`, 'refused', /not on the allow-list/],
        ['allowed.test:1', 'refused', /not on the allow-list/],
        [`127.0.0.1:${port}`, 'refused', /addresses are never reached/],
        [`[::1]:${port}`, 'refused', /addresses are never reached/],
        [`2130706433:${port}`, 'refused', /addresses are never reached/],
        [`0x7f000001:${port}`, 'refused', /addresses are never reached/],
        [`private.test:${port}`, 'refused', /leads to a private address/],
        [`metadata.test:${port}`, 'refused', /leads to a metadata service/],
        [`nowhere.test:${port}`, 'failed', /has no address/],
        [`unknown.test:${port}`, 'failed', /ENOTFOUND/],
      ];
      for (const [target, outcome, reason] of outcomes) {
        attempts.length = 0;
        assert.match(await connect(target), outcome === 'refused' ? /^HTTP\/1\.1 403 / : /^HTTP\/1\.1 502 /, target);
        assert.equal(attempts.length, 1, target);
        assert.equal(attempts[0]?.outcome, outcome, target);
        assert.match(attempts[0].reason ?? '', reason, target);
        assert.equal(attempts[0].port, Number(target.slice(target.lastIndexOf(':') + 1)));
      }
    } finally {
      proxy.close();
    }
  });

  it('reaches only the checked ones of several addresses', async () => {
    const { proxy, connect } = open([`mixed.test:${port}`]);
    assert.match(await connect(`mixed.test:${port}`, get), /answer to within$/);
    proxy.close();
  });

  it('takes only CONNECT, and says so', async () => {
    const { proxy, attempts, exchange } = open([`allowed.test:${port}`]);
    const said = await exchange(`GET http://allowed.test:${port}/ HTTP/1.1\r\nHost: other\r\n\r\n`);
    assert.match(said, /^HTTP\/1\.1 405 .*only CONNECT is taken/s);
    assert.deepEqual(
      attempts.map(({ host, outcome }) => [host, outcome]),
      [['allowed.test', 'refused']],
    );
    proxy.close();
  });

  it('answers after 1,000 random texts, long heads and many open connections', async () => {
    const { proxy, connect, exchange } = open([`allowed.test:${port}`]);
    let seed = 7;
    const random = (most: number): number => (seed = (seed * 48_271) % 2_147_483_647) % most;
    const parts = [
      'CONNECT ',
      'GET ',
      'allowed.test',
      ':',
      String(port),
      ' HTTP/1.1\r\n',
      '\r\n\r\n',
      '\0',
      'a'.repeat(9_000),
    ];
    parts.push('[::', '%00', '\r', 'Content-Length: 9\r\n', 'Transfer-Encoding: chunked\r\n', 'http://', '@', '\u2028');
    const texts = Array.from({ length: 1_000 }, (_, index): Buffer => {
      const pieces = Array.from({ length: 1 + random(8) }, () =>
        index % 2 === 0
          ? Buffer.from(parts[random(parts.length)] ?? '')
          : Buffer.from(Array.from({ length: random(60) }, () => random(256))),
      );
      return Buffer.concat(index % 4 === 0 ? [Buffer.from('CONNECT '), ...pieces] : pieces);
    });
    for (let at = 0; at < texts.length; at += 25)
      await Promise.all(texts.slice(at, at + 25).map((text) => exchange(text)));
    const open64 = Array.from({ length: 200 }, () => exchange('CONNECT '));
    await Promise.all(open64);
    lookups.length = 0;
    assert.match(await connect(`allowed.test:${port}`, get), /answer to within$/);
    proxy.close();
  });

  it('loses no byte of a long answer, however slowly it is taken', async function () {
    this.timeout(60_000);
    const size = 2_000_000;
    const long = net.createServer((socket) => {
      socket.on('error', () => undefined).once('data', () => socket.end(Buffer.alloc(size, 'a')));
    });
    await new Promise<void>((resolve) => long.listen(0, '127.0.0.1', resolve));
    const target = `allowed.test:${(long.address() as net.AddressInfo).port}`;
    const place = newRelayPlace(mkdtempSync(path.join(folder, 'relay-')));
    // Each test name is looked up once only.
    const proxy = new AllowProxy([target], () => undefined, {
      ...proxyOptions,
      lookup: () => Promise.resolve(['127.0.0.1']),
    });
    proxy.listen(place.socketPath, (error) => assert.fail(error));
    await startRelay(place);
    const taken = (to: net.NetConnectOpts): Promise<number> =>
      new Promise((resolve) => {
        let bytes = -'HTTP/1.1 200 Connection established\r\n\r\n'.length;
        const socket = net.connect(to).on('error', () => undefined);
        socket.once('data', () => socket.write('x'));
        socket.on('data', (chunk) => {
          bytes += chunk.length;
          socket.pause();
          // Bytes wait on the way, in the end too.
          setTimeout(() => socket.resume(), 2);
        });
        socket.once('close', () => resolve(bytes));
        socket.write(`CONNECT ${target} HTTP/1.1\r\nHost: a\r\n\r\n`);
      });
    try {
      // Those who go away in the middle harm nobody.
      const leaving = Array.from({ length: 20 }, async () => {
        const socket = net.connect(place.socketPath).on('error', () => undefined);
        socket.on('data', (chunk) => void (chunk.length < 100 ? socket.write('x') : socket.destroy()));
        socket.write(`CONNECT ${target} HTTP/1.1\r\nHost: a\r\n\r\n`);
        await soon(new Promise((resolve) => socket.once('close', resolve)), 'one that goes away');
      });
      await Promise.all(leaving);
      for (let time = 0; time < 8; time += 1) {
        assert.equal(await soon(taken({ path: place.socketPath }), 'the answer'), size);
        assert.equal(await soon(taken({ host: '127.0.0.1', port: place.port }), 'the answer through the relay'), size);
      }
    } finally {
      proxy.close();
      long.close();
    }
  });

  it('ends every connection with its worker', async () => {
    const { proxy, attempts, connect } = open([`allowed.test:${port}`]);
    const hanging = connect(`allowed.test:${port}`, 'GET /');
    await until(() => attempts.length === 1, 'the connection is made');
    proxy.close();
    await hanging;
    assert.deepEqual(
      attempts.map(({ outcome }) => outcome),
      ['allowed'],
    );
  });

  it('is the only way out of a sandbox, for programs that know nothing of it', async () => {
    const policy = { ...sandbox, network: { allow: [`allowed.test:${port}`, `private.test:${port}`] } };
    const attempts: NetworkAttempt[] = [];
    const starting = createWorker<{ run: { payload: string; result: string } }>({
      script: fixture('runs-programs.ts'),
      driver: new ChildProcessDriver(proxyOptions),
      sandbox: policy,
      onNetwork: (attempt) => void attempts.push(attempt),
    });
    if (!canSandbox()) {
      if (process.platform !== 'darwin') await rejection(starting);
      return;
    }
    const worker = await soon(starting, 'the worker');
    const fetched = (url: string): Promise<string> =>
      worker.send(
        'run',
        `console.log(await fetch(${JSON.stringify(url)}).then((answer) => answer.text(), (error) => 'failed ' + error.cause?.message))`,
      );
    try {
      assert.equal(await fetched(`http://allowed.test:${port}/`), `answer to allowed.test:${port}\n`);
      for (const host of ['other.test', 'private.test', '127.0.0.1'])
        assert.match(await fetched(`http://${host}:${port}/`), /^failed/);
      const around = `import net from 'node:net';
        for (const options of [{ host: '127.0.0.1', port: ${port} }, { host: '1.1.1.1', port: 443 }])
          console.log(await new Promise((resolve) => net.connect(options).on('error', ({ code }) => resolve(code)).on('connect', () => resolve('connected'))));`;
      assert.equal(await worker.send('run', around), 'ECONNREFUSED\nENETUNREACH\n');
      assert.deepEqual(
        attempts.map(({ host, outcome }) => `${host} ${outcome}`),
        ['allowed.test allowed', 'other.test refused', 'private.test refused', '127.0.0.1 refused'],
      );
    } finally {
      await worker.close();
    }
  });

  it('refuses entries that are no hosts before anything starts', async () => {
    if (!canSandbox()) return;
    const starting = createWorker({
      script: fixture('runs-programs.ts'),
      sandbox: { ...sandbox, network: { allow: ['*:443'] } },
    });
    assert.match((await rejection(starting)).message, /is a pattern\. Name each host/);
  });
});
