/** Starts the language server. */
import { prewarmThread } from '../store/store-client.ts';

// The store's thread starts while the other modules load.
prewarmThread();
await import('./serve.ts');
