/** Entry of the language server: `--stdio` or node IPC. */
import { startThreadAhead } from '../store/store-client.ts';

// While the rest is loaded.
startThreadAhead();
await import('./serve.ts');
