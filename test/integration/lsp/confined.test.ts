/** `bulkhead.sandboxUntrusted`: a language server, a workspace that is not trusted, and code that means harm. */
import assert from 'node:assert/strict';
import { access } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { Editor } from '../../support/lsp-client.ts';
import { canSandbox } from '../../support/sandbox.ts';
import { makeBrokenWorkspace } from '../../support/workspace.ts';

const writes = (trace: string): string => `
import { writeFileSync } from 'node:fs';
try {
  writeFileSync(${JSON.stringify(trace)}, '');
} catch {}
export default [{ files: ['**/*.js'], rules: { eqeqeq: 'error' } }];
`;

describe('language server with code of a workspace that is not trusted', function () {
  this.timeout(120_000);

  const stateOf = async (settings: object) => {
    await using workspace = await makeBrokenWorkspace();
    const trace = path.join(workspace.root, 'executed');
    await workspace.write({ 'eslint.config.js': writes(trace) });
    await using editor = new Editor();
    await editor.open([workspace.root], { initializationOptions: { trusted: false, settings } });
    const { detectors } = await editor.settled();
    const eslint = detectors.find(({ name }) => name === 'eslint');
    const found = editor.diagnostics.get(pathToFileURL(path.join(workspace.root, 'src/loose.js')).href) ?? [];
    const wrote = await access(trace).then(
      () => true,
      () => false,
    );
    return { status: eslint?.status, note: eslint?.note ?? '', codes: found.map(({ code }) => code), wrote };
  };

  it('runs none unless the user chose the sandbox for it, and requires it', async () => {
    for (const settings of [
      { sandbox: 'require' },
      { sandbox: 'auto', sandboxUntrusted: true },
      { sandboxUntrusted: true },
      { sandbox: 'require', sandboxUntrusted: true, sandboxExcept: ['eslint'] },
      { sandbox: 'require', sandboxUntrusted: true, sandboxNetwork: { eslint: ['registry.example.org:443'] } },
    ]) {
      const { status, note, wrote } = await stateOf(settings);
      assert.equal(status, 'restricted', JSON.stringify(settings));
      assert.match(note, /bulkhead\.sandboxUntrusted/);
      assert.ok(!wrote);
    }
  });

  it('runs it in the sandbox where the user chose so, or not at all where there is none', async () => {
    const { status, codes, wrote } = await stateOf({ sandbox: 'require', sandboxUntrusted: true });
    assert.ok(!wrote);
    if (canSandbox()) {
      assert.equal(status, 'done');
      assert.ok(codes.includes('eqeqeq'));
    } else if (process.platform !== 'darwin') assert.equal(status, 'failed');
  });
});
