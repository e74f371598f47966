#!/usr/bin/env node
/** Entry of the command `bulkhead`. Loads the rest only if this Node.js can run it. */
import { useCompiledCode } from '../store/compiled-code.ts';
import { nodeRefusal } from '../version.ts';

/** A program of its own, next to the bundle or in the sources. */
const languageServer = import.meta.url.endsWith('.ts') ? '../lsp/entry.ts' : './server.mjs';
const transports = ['--stdio', '--node-ipc', '--socket', '--pipe'];

const withoutStore = ['--no-cache', '--help', '-h'];

const [command, ...words] = process.argv.slice(2);
const refusal = nodeRefusal();
useCompiledCode();
if (command === 'lsp' && !words.includes('--help') && !words.includes('-h')) {
  // The library reads the transport from the command line.
  if (!words.some((word) => transports.includes(word.split('=')[0] ?? ''))) process.argv.push('--stdio');
  await import(new URL(languageServer, import.meta.url).href);
} else if (command === 'hook' && words.length === 0 && refusal === undefined) {
  // Agents wait for it, so the rest is not loaded.
  const { hook } = await import('./hook.ts');
  await hook();
} else if (refusal === undefined) {
  // The store's thread starts while the other modules load.
  if (command === 'check' && !words.some((word) => withoutStore.includes(word)))
    (await import('../store/store-client.ts')).prewarmThread();
  await import('./main.ts');
} else {
  process.stderr.write(`bulkhead: ${refusal}\n`);
  process.exitCode = 2;
}
