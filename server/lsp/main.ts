/** Entry of the language server: `--stdio` or node IPC. */
import { startThreadAhead } from '../store/thread-line.ts';

// While the rest is loaded.
startThreadAhead();
await import('./serve.ts');
