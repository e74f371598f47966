#!/usr/bin/env node
/** Entry of the command line. Owns the process: signals, exit code, output streams. */
import { ConfigurationError } from '../configuration/read.ts';
import { WatchError } from '../folder/watcher.ts';
import { BaselineError } from '../store/baseline.ts';
import { help, parseCommand, UsageError } from './arguments.ts';
import { baseline } from './baseline.ts';
import { cache } from './cache.ts';
import { check } from './check.ts';
import { interruptedCode } from './open.ts';
import type { Output } from './output.ts';
import { printable } from './printable.ts';
import { reportMetrics } from './report.ts';
import { version } from '../version.ts';

const wrongUse = 2;
const internalError = 3;
/** Errors that the user can fix; their messages say how. */
const usageErrors = [UsageError, ConfigurationError, BaselineError, WatchError];

async function main(): Promise<number> {
  try {
    const command = parseCommand(process.argv.slice(2));
    switch (command.kind) {
      case 'help':
        process.stdout.write(help);
        return 0;
      case 'version':
        process.stdout.write(`${version}\n`);
        return 0;
      case 'cache':
        return await cache(command.action, command.folder, output(process.stdout));
      case 'report':
        return await reportMetrics(command.arguments, output(process.stdout), onInterrupt());
      case 'check': {
        const interrupted = onInterrupt();
        const code = await check(command.arguments, output(process.stdout), output(process.stderr), interrupted);
        return interrupted.aborted ? interruptedCode : code;
      }
      case 'baseline': {
        const interrupted = onInterrupt();
        const code = await baseline(command.arguments, output(process.stdout), interrupted);
        return interrupted.aborted ? interruptedCode : code;
      }
    }
  } catch (error) {
    if (error instanceof Error && usageErrors.some((kind) => error instanceof kind)) {
      process.stderr.write(`bulkhead: ${printable(error.message)}\n`);
      return wrongUse;
    }
    process.stderr.write(
      `bulkhead: internal error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
    );
    return internalError;
  }
}

/** The first Ctrl+C stops the analysis and prints what was found; the second ends the process at once. */
function onInterrupt(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (controller.signal.aborted) process.exit(interruptedCode);
      controller.abort();
    });
  }
  return controller.signal;
}

function output(stream: NodeJS.WriteStream): Output {
  // It is not an error if the reader stops reading (`| head`).
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
  });
  const colours = stream.isTTY && (process.env['NO_COLOR'] ?? '') === '';
  return {
    write: (text) => void stream.write(text),
    isTTY: colours,
    isTerminal: stream.isTTY,
    columns: stream.isTTY ? stream.columns : Infinity,
    ...(stream.isTTY ? { rows: stream.rows } : {}),
  };
}

process.exitCode = await main();
