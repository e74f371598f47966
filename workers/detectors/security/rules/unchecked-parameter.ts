import type { Found, Rule } from '../../../rules/rule.ts';
import type { Trace } from '../flow/trace.ts';
import { flowRule, type FlowRule } from '../flow/flow-rule.ts';
import { runners, table as code } from './code-injection.ts';
import { table as command } from './command-injection.ts';
import { table as sql } from './sql-injection.ts';

/** A function that is handed a whole command or statement is there to run it. */
const isFromCaller = ({ source, isWhole }: Trace): boolean =>
  (source.kind === 'parameter' || source.kind === 'command-line') && !isWhole;

function fromCallers(table: FlowRule, accepts = isFromCaller): Rule {
  return flowRule({ ...table, accepts }, true);
}

// Options that callers choose are what such functions are for.
const { others: _options, ...commands } = command;

const rules = [
  fromCallers(commands),
  fromCallers(code),
  fromCallers(sql),
  // Few functions are there to run whatever code they are handed.
  fromCallers({ ...code, sinks: runners }, ({ source, isWhole }) => source.kind === 'parameter' && isWhole),
];

export const rule: Rule = {
  meta: {
    name: 'unchecked-parameter',
    severity: 'info',
    description:
      'A parameter of a function, or an argument of the program, that becomes part of a command, a statement of SQL, or code.',
    why: 'Whether it does harm depends on the callers, of whom none is in the file, or on who starts the program. Escape or check it here, so that none of them can go wrong.',
    cwe: 74,
    confidence: 'low',
    bad: "import { exec } from 'node:child_process';\n\nexport function clone(address, done) {\n  exec(`git clone ${address}`, done);\n}",
    good: "import { execFile } from 'node:child_process';\n\nexport function clone(address, done) {\n  execFile('git', ['clone', '--', address], done);\n}",
  },
  *check(file, options): Generator<Found> {
    // Scripts and tests are called by their authors.
    if (file.isTest || file.isTool) return;
    for (const one of rules) yield* one.check(file, options);
  },
};
