/** `npm run open`: a VS Code with this tree's extension on a folder. */
import assert from 'node:assert/strict';
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { alive, descendantsOf, until } from '../support/processes.ts';
import { repository } from '../support/workspace.ts';
import { installation } from './support/installation.ts';

const script = path.join(repository, 'scripts', 'open.mjs');
const sample = path.join(repository, 'samples', 'harbour');

describe('npm run open', function () {
  this.timeout(300_000);
  let child: ChildProcessByStdio<null, Readable, null> | undefined;
  const open = (folder: string, env: NodeJS.ProcessEnv): ChildProcessByStdio<null, Readable, null> => {
    const started = spawn(process.execPath, [script, folder], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    child = started;
    return started;
  };
  // Ends nothing unless a test failed.
  afterEach(() => child?.kill());

  it('starts the `code` that is installed, with the extension and the folder', async () => {
    const folder = installation().emptyFolder('code');
    const record = path.join(folder, 'started.json');
    const source = `require('node:fs').writeFileSync(${JSON.stringify(record)}, JSON.stringify(process.argv.slice(2)));\n`;
    const code = path.join(folder, process.platform === 'win32' ? 'code.cmd' : 'code');
    writeFileSync(path.join(folder, 'code.cjs'), source);
    const start = `"${process.execPath}" "${path.join(folder, 'code.cjs')}"`;
    writeFileSync(code, process.platform === 'win32' ? `@${start} %*\n` : `#!/bin/sh\nexec ${start} "$@"\n`);
    chmodSync(code, 0o755);

    const env = { VSCODE_EXECUTABLE: code, BULKHEAD_EDITOR_HOST: 'auto', INIT_CWD: repository };
    assert.match(await text(open('samples/harbour', env).stdout), /^Opened .* in VS Code with Bulkhead\.$/m);
    assert.deepEqual(JSON.parse(readFileSync(record, 'utf8')), [
      '--new-window',
      `--extensionDevelopmentPath=${repository}`,
      sample,
    ]);
  });

  it('serves VS Code to a browser where there is none, until it is interrupted', async () => {
    const server = open(sample, { BULKHEAD_EDITOR_HOST: 'web' });
    const ended = new Promise((resolve) => server.once('exit', resolve));
    let printed = '';
    const address = await new Promise<string>((resolve, reject) => {
      server.stdout.setEncoding('utf8').on('data', (chunk: string) => {
        printed += chunk;
        const [found] = /http:\S+/.exec(printed) ?? [];
        if (found !== undefined) resolve(found);
      });
      void ended.then(() => reject(new Error(`It ended before it served anything:\n${printed}`)));
    });
    // The server takes the token into a cookie, and sends the browser on.
    const greeting = await fetch(address, { redirect: 'manual' });
    const cookie = greeting.headers.get('set-cookie')?.split(';', 1)[0] ?? '';
    const page = await fetch(new URL(greeting.headers.get('location') ?? '', address), { headers: { cookie } });
    assert.equal(page.status, 200);
    assert.match(await page.text(), /workbench/);
    const withoutToken = new URL(address);
    withoutToken.searchParams.delete('tkn');
    assert.equal((await fetch(withoutToken)).status, 403, 'other users of the machine are kept out');

    const started = descendantsOf(server.pid ?? 0);
    server.kill('SIGINT');
    await ended;
    await until('nothing is left', () => started.every(({ pid }) => !alive(pid)));
  });
});
