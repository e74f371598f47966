/** The command line. Owns the process: signals, exit code, output streams. */
import { ConfigurationError } from '../configuration/read.ts';
import { WatchError } from '../folder/watcher.ts';
import { BaselineError } from '../store/baseline.ts';
import { help, parseCommand, UsageError } from './arguments.ts';
import { baseline } from './baseline.ts';
import { cache } from './cache.ts';
import { check } from './check.ts';
import { doctor } from './doctor.ts';
import { internalErrorCode, Interruption } from './interruption.ts';
import { printable } from '../printable.ts';
import { mcp } from './mcp.ts';
import { reportMetrics } from './report.ts';
import { status } from './status.ts';
import { StreamOutput } from './streams.ts';
import { version } from '../version.ts';

const wrongUse = 2;
/** Errors that the user can fix; their messages say how. */
const usageErrors = [UsageError, ConfigurationError, BaselineError, WatchError];

const err = new StreamOutput(process.stderr);
const interruption = new Interruption((text) => err.write(text));
/** Nobody reads what `--watch` would print next. */
const unread = new AbortController();
let isLost = false;
const out = new StreamOutput(process.stdout, {
  left: () => unread.abort(),
  lost: (error) => {
    isLost = true;
    err.write(`bulkhead: The output could not be written, so it is incomplete: ${printable(error.message)}\n`);
    // Known only after the last write, perhaps.
    process.exitCode = internalErrorCode;
    unread.abort();
  },
});

async function main(): Promise<number> {
  try {
    const command = parseCommand(process.argv.slice(2));
    if (command.kind === 'mcp') return await mcp(command.arguments);
    interruption.listen();
    const { signal } = interruption;
    switch (command.kind) {
      case 'help':
        out.write(help);
        return 0;
      case 'version':
        out.write(`${version}\n`);
        return 0;
      case 'agent':
        return await (await import('./agent/agent.ts')).agent(command.arguments, out);
      case 'cache':
        return await cache(command.action, command.folder, out);
      case 'report':
        return await reportMetrics(command.arguments, out, signal);
      case 'status':
        return await status(command.arguments, out, AbortSignal.any([signal, unread.signal]));
      case 'check': {
        const stop = command.arguments.watch ? AbortSignal.any([signal, unread.signal]) : signal;
        return await check(command.arguments, out, err, stop);
      }
      case 'doctor':
        return await doctor(command.arguments, out, signal);
      case 'baseline':
        return await baseline(command.arguments, out, signal);
    }
  } catch (error) {
    if (error instanceof Error && usageErrors.some((kind) => error instanceof kind)) {
      err.write(`bulkhead: ${printable(error.message)}\n`);
      return wrongUse;
    }
    // What was interrupted may throw.
    if (!interruption.signal.aborted) interruption.fault(error);
    return internalErrorCode;
  }
}

const code = interruption.exitCodeOf(await main());
process.exitCode = isLost ? internalErrorCode : code;
