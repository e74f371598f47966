/** Numbers and times for people. Pure functions. */

export function memory(bytes: number): string {
  const megabytes = bytes / (1024 * 1024);
  return megabytes < 1024 ? `${Math.round(megabytes)} MB` : `${(megabytes / 1024).toFixed(1)} GB`;
}

export function percent(value: number): string {
  return `${Math.round(value)} %`;
}

/** @param ms milliseconds */
export function duration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** @param at milliseconds since the epoch */
export function time(at: number): string {
  return new Date(at).toLocaleTimeString();
}

export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** A state of a worker or a detector, in words. */
export function stateWords(state: string): string {
  return WORDS[state] ?? state;
}

const WORDS: Readonly<Record<string, string>> = {
  'backing-off': 'waits before it restarts',
  'not-applicable': 'not applicable',
  confirming: 'rechecking',
  partial: 'incomplete',
  restricted: 'not run',
};
