import { exec } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';

interface Query extends IncomingMessage {
  readonly query: Readonly<Record<string, string>>;
}

export function answer(req: Query, res: ServerResponse): void {
  // Planted: a request decides what a shell runs (security/command-injection).
  exec(`ls berths/${req.query['berth'] ?? ''}`, (_error, output) => res.end(output));
}

export function tariff(req: Query, res: ServerResponse): void {
  // Planted: the whole server waits for the disk (performance/sync-io).
  res.end(readFileSync('tariff.txt', 'utf8'));
}

export async function weather(): Promise<unknown> {
  // Planted: everyone on the way can read and change it (network/insecure-url).
  const response = await fetch('http://weather.harbour.city/now', { signal: AbortSignal.timeout(5000) });
  return response.ok ? response.json() : undefined;
}

export async function firstEntry(log: string): Promise<string> {
  // Planted: never closed (runtime/leaked-resource).
  const file = await open(log);
  const { buffer } = await file.read();
  return buffer.toString();
}

// Planted: too many parameters (complexity/parameters).
export function fee(
  length: number,
  width: number,
  draught: number,
  days: number,
  flag: string,
  cargo: string,
  crew: number,
): number {
  return length * width * draught * days + flag.length + cargo.length + crew;
}
