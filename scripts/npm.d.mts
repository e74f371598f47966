import type { SpawnSyncOptions } from 'node:child_process';
/** Runs npm; returns its standard output where `stdio` captures it. @throws Error when npm fails */
export function npm(argv: readonly string[], options: SpawnSyncOptions & { readonly cwd: string }): string;
