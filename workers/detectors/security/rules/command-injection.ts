import { flowRule, type FlowRule, type Call } from '../flow/flow-rule.ts';
import type { Script } from '../../../rules/source-file.ts';

const ADVICE =
  'A shell runs whatever it contains. Use `execFile` or `spawn` without a shell, with the arguments in a list.';

export const table: FlowRule = {
  meta: {
    name: 'command-injection',
    severity: 'error',
    description: 'Data from outside in a command of a shell, or as the program to run.',
    why: 'A shell gives `;`, `|`, `$()` and other characters a meaning, so whoever chooses a part of the command runs commands of their own. Pass a fixed program and a list of arguments to `execFile` or `spawn`: no shell looks at them.',
    cwe: 78,
    confidence: 'high',
    bad: "import { exec } from 'node:child_process';\nimport express from 'express';\n\nconst app = express();\napp.get('/ping', (req, res) => {\n  exec(`ping -c 1 ${req.query.host}`, (error, output) => res.json({ output }));\n});",
    good: "import { execFile } from 'node:child_process';\nimport express from 'express';\n\nconst app = express();\napp.get('/ping', (req, res) => {\n  execFile('ping', ['-c', '1', '--', req.query.host], (error, output) => res.json({ output }));\n});",
  },
  sinks: [
    { callee: /^(?:child_process\.exec(?:Sync)?|shelljs(?:\.exec)?|mz\/child_process\.exec|execa\.(?:command|execaCommand|execaCommandSync)(?:Sync)?|execa\.shell(?:Sync)?|exec|exec-async|exec-sh|async-exec|child-process-promise\.exec|zx\.\$)$/, arguments: [0] },
    { callee: /^remote-exec$/, arguments: [1] },
    { callee: /^(?:child_process\.(?:spawn|spawnSync|execFile|execFileSync|fork)|execa(?:\.execa|\.sync|\.execaSync)?|execa\.(?:stdout|stderr|node)|cross-spawn(?:-async)?(?:\.sync|\.spawn)?|foreground-child)$/, arguments: [0], accepts: ({ isStart }) => isStart },
    { callee: /^(?:child_process\.(?:spawn|spawnSync|execFile|execFileSync)|cross-spawn(?:\.sync)?|execa(?:\.execa)?)$/, arguments: [0, 1], accepts: (_, call, script) => usesShell(call, script) },
    { callee: /^global:Deno\.run$/, arguments: [0], properties: ['cmd'], accepts: ({ isStart }) => isStart },
    { callee: /^global:Deno\.Command$/, arguments: [0], accepts: ({ isStart }) => isStart },
    { callee: /^ssh2(?:\.Client)?\(\)\.exec$|^\?(?:ssh|conn|connection|sshClient)\.exec$/, arguments: [0] },
  ],
  *others({ tree, names }) {
    for (const call of tree.all('CallExpression')) {
      if (!RUNS.test(names.pathOf(call.callee)) || !/^(?:git|hg)$/.test(names.stringOf(call.arguments[0]) ?? '')) continue;
      const list = call.arguments[1] && names.valueOf(call.arguments[1]);
      for (const one of list?.type === 'ArrayExpression' ? list.elements : []) {
        if (!one || names.stringOf(one) === '--') break;
        yield { value: one, what: 'the options of a program that runs others', accepts: ({ isStart }) => isStart };
      }
    }
  },
  advice: ADVICE,
}; // prettier-ignore

export const rule = flowRule(table);

const RUNS = /^(?:child_process\.(?:spawn|spawnSync|execFile|execFileSync)|cross-spawn(?:\.sync)?|execa(?:\.execa)?)$/;

/** `spawn(…, { shell: true })`, or a shell that is called with `-c`. */
function usesShell(call: Call, { names }: Script): boolean {
  for (const argument of call.arguments.slice(1)) {
    const shell = names.property(argument, 'shell');
    if (shell !== undefined && shell !== 'unclear' && names.constantOf(shell) !== false) return true;
  }
  const program = names.stringOf(call.arguments[0]);
  if (
    program === undefined ||
    !/(?:^|\/|\\)(?:sh|bash|zsh|dash|ksh|cmd(?:\.exe)?|powershell(?:\.exe)?|pwsh)$/.test(program)
  )
    return false;
  const list = call.arguments[1] && names.valueOf(call.arguments[1]);
  return (
    list?.type === 'ArrayExpression' && list.elements.some((one) => one && /^[-/][cC]/.test(names.stringOf(one) ?? ''))
  );
}
