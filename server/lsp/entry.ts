/** Entry of the language server: `--stdio`, node IPC and others. Loads the rest only if this Node.js can run it. */
import { useCompiledCode } from '../store/compiled-code.ts';
import { nodeRefusal } from '../version.ts';

const refusal = nodeRefusal();
useCompiledCode();
if (refusal === undefined) await import('./main.ts');
else (await import('./refusing-server.ts')).refuse(refusal);
