/** What is public: documented in the sources, listed in docs/workers-api.md, and named in the table of the specification. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { apiPage, publicNames } from '../../../scripts/api.mjs';

const root = path.resolve(import.meta.dirname, '../../..');
const read = (file: string): string => readFileSync(path.join(root, file), 'utf8').replaceAll('\r\n', '\n');

/** The names of both specifications. */
const specified = `
createWorker shutdownWorker WorkerOptions WorkerOptions.script WorkerOptions.env WorkerOptions.timeout
WorkerOptions.socketPath WorkerHandle WorkerHandle.pid WorkerHandle.socketPath ConnectionOptions
ConnectionOptions.reconnect ConnectionOptions.maxRetries ConnectionOptions.retryDelay ConnectionOptions.timeout
Connection createConnection BaseMessage MessageDef MessageDefs DefineMessages MessageOf ResultOf WithResult
MiddlewareDirection MiddlewareContext Middleware registerMiddleware Serializer Serializer.serialize
Serializer.deserialize defaultSerializer setSerializer serializeMessage deserializeMessage serializeError
deserializeError SerializedError SocketAdapter getSocketAdapter getSocketPath unixSocketAdapter windowsSocketAdapter
getTempDir generateSocketPath cleanupSocketPath Logger createLogger WorkerClient createWorkerClient Handlers
startWorkerServer
Driver Driver.spawn DriverMessage DriverChannel DriverChannel.onMessage DriverChannel.isConnected DriverCapabilities
ChildProcessDriver ChildProcessDriverOptions ChildProcessDriverOptions.detached ChildProcessDriverOptions.spawnOptions
ChildProcessDriverOptions.connection WorkerThreadsDriver WorkerThreadsDriverOptions
WorkerThreadsDriverOptions.workerData WorkerThreadsDriverOptions.resourceLimits WorkerThreadsDriverOptions.transferList
WorkerThreadsDriverOptions.eval StartupData getStartupData ChildProcessServer WorkerThreadsServer WorkerClientBase
ReconnectCapability DetachCapability SharedWorkerOptions resolveDriver isWorkerThreadsAvailable
`
  .trim()
  .split(/\s+/);

describe('public names of the worker library', function () {
  this.timeout(60_000);
  const names = publicNames();

  it('have a docstring each, and their methods too', () => {
    assert.ok(names.length > 100);
    assert.deepEqual(
      names.filter(({ doc }) => doc === '').map(({ entry, name }) => `${entry} ${name}`),
      [],
    );
    // An implementation's methods are described by its interface.
    const implementations = new Set(['PortChannel', 'StreamChannel']);
    assert.deepEqual(
      names
        .filter(({ name, undocumented }) => undocumented.length > 0 && !implementations.has(name))
        .map(({ name, undocumented }) => `${name}: ${undocumented.join()}`),
      [],
    );
  });

  it('docs/workers-api.md lists all of them as the sources say (node scripts/api.mjs writes it)', async () => {
    assert.equal(read('docs/workers-api.md'), await apiPage());
  });

  describe('the table of the specification', () => {
    const [, table = ''] = /<!-- specification -->([^]*?)<!-- \/specification -->/.exec(read('docs/workers.md')) ?? [];
    const rows = table
      .split('\n')
      .filter((line) => line.startsWith('| `'))
      .map((line) => line.split(' | ').map((cell) => cell.replace(/^\|\s*|\s*\|$/g, '').trim()));
    /** Headings of the page, as anchors; the second of a name has a number. */
    const anchors = new Set<string>();
    for (const [, name = ''] of read('docs/workers-api.md').matchAll(/^### (.*)$/gm)) {
      const anchor = name.toLowerCase();
      let own = anchor;
      for (let count = 1; anchors.has(own); count += 1) own = `${anchor}-${count}`;
      anchors.add(own);
    }

    it('has each name of it once', () => {
      const given = rows.map(([cell = '']) => cell.replaceAll('`', ''));
      assert.deepEqual(given.toSorted(), specified.toSorted());
    });

    it('says what it is here, and where that is described', () => {
      const exported = new Set(names.map(({ name }) => name.toLowerCase()));
      for (const [name = '', ours = ''] of rows) {
        const links = [...ours.matchAll(/\]\(([^)]+)\)/g)].map(([, link = '']) => link);
        assert.ok(links.length > 0, name);
        for (const link of links) {
          const [file, anchor = ''] = link.split('#');
          assert.equal(file, 'workers-api.md', name);
          assert.ok(anchors.has(anchor), `${name}: ${link}`);
          assert.ok(exported.has(anchor.replace(/-\d$/, '')), `${name}: ${link}`);
        }
      }
    });

    it('says why where the name differs', () => {
      const last = (name: string): string => name.replaceAll('`', '').split('.').at(-1) ?? '';
      const silent = rows
        .filter(([name = '', ours = '', why = '']) => why === '' && !ours.includes(`\`${last(name)}\``))
        .map(([name = '', ours = '']) => `${name} -> ${ours}`);
      assert.deepEqual(silent, []);
    });
  });
});
