/** What a process can do whose only line is its own pipes. */
export const pipeCapabilities = {
  reconnect: false,
  detach: false,
  transfer: false,
  sharedMemory: false,
  isolation: 'process',
} as const;
