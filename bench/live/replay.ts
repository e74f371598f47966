/**
 * Differential replay on a real project: see test/support/replay/replay.ts.
 *
 *     node bench/live/replay.ts [--seed 1] [--steps 500] [--every 25] [--calm] [--grace 30] [<folder>]
 *     node bench/live/replay.ts --ready --every 1 [--seed 1] [--steps 500] [<folder>]
 *
 * The folder is copied. It needs its packages installed and must not contain workspaces of its own. Without a folder, it uses
 * a small generated project. The exit code is 1 if the language server's diagnostics differ from those of a cold check.
 */
import { parseArgs } from 'node:util';
import { makeReplayProject } from '../../test/support/replay/project.ts';
import { replay } from '../../test/support/replay/replay.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seed: { type: 'string', default: '1' },
    steps: { type: 'string', default: '500' },
    every: { type: 'string', default: '25' },
    grace: { type: 'string', default: '30' },
    calm: { type: 'boolean', default: false },
    ready: { type: 'boolean', default: false },
    quiet: { type: 'boolean', default: false },
  },
});
await using generated = await makeReplayProject();
const startedAt = performance.now();
const result = await replay({
  source: positionals[0] ?? generated.root,
  seed: Number(values.seed),
  steps: Number(values.steps),
  every: Number(values.every),
  calm: values.calm,
  atReady: values.ready,
  graceMs: Number(values.grace) * 1000,
  ...(values.quiet ? {} : { log: console.log }),
});
const count = result.differences.length;
const late = [...result.lateMs].sort((a, b) => a - b);
console.log(JSON.stringify(result.operations));
console.log(
  `seed ${values.seed}: ${values.steps} steps, ${result.comparisons} comparisons, issues compared: ${JSON.stringify(result.issues)}, ` +
    `${count} comparisons with differences, ${((performance.now() - startedAt) / 1000).toFixed(0)} s; ` +
    `last diagnostic after all seemed done: median ${Math.round(late[Math.floor(late.length / 2)] ?? 0)} ms, at most ${Math.round(late.at(-1) ?? 0)} ms`,
);
process.exitCode = count === 0 ? 0 : 1;
