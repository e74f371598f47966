/** Entry of the language server: `--stdio`, node IPC and others. Loads the rest only if this Node.js can run it. */
import { nodeRefusal } from '../version.ts';

const refusal = nodeRefusal();
if (refusal === undefined) await import('./main.ts');
else (await import('./refusing-server.ts')).refuse(refusal);
