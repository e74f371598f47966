/** Entry of the language server: `--stdio` or node IPC. */
import { startThreadAhead } from '../store/store-client.ts';

// The store's thread starts while the other modules load.
startThreadAhead();
await import('./serve.ts');
