/** `bulkhead hook`: what agents send, and what they are told. The shapes are those of the agents' own documentation. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { Tokenizer } from 'ai-tokenizer';
import * as claude from 'ai-tokenizer/encoding/claude';
import * as o200k from 'ai-tokenizer/encoding/o200k_base';
import { answerHook } from '../../../server/cli/hook.ts';
import { messageOf, MOST_TOKENS, outputOf } from '../../../server/cli/hook-answer.ts';
import { hookCall } from '../../../server/cli/hook-call.ts';
import type { EditedReply } from '../../../server/sharing/messages.ts';
import { anIssue } from '../mcp/support.ts';

const here = path.resolve('/w');
const file = (name: string): string => path.join(here, name);

describe('the input of bulkhead hook', () => {
  const patch = '*** Begin Patch\n*** Update File: src/a.ts\n@@\n-a\n+b\n*** Add File: b.ts\n+x\n*** Delete File: c.ts\n*** End Patch'; // prettier-ignore
  const edits: Readonly<Record<string, readonly [object, readonly string[]]>> = {
    'Claude Code': [
      { session_id: 's', cwd: here, hook_event_name: 'PostToolUse', tool_name: 'Edit', tool_input: { file_path: file('src/a.ts'), old_string: 'a', new_string: 'b' }, tool_response: { filePath: file('src/a.ts') } },
      ['src/a.ts'],
    ],
    'Claude Code, a notebook': [{ hook_event_name: 'PostToolUse', tool_input: { notebook_path: file('n.ipynb') } }, ['n.ipynb']],
    Cursor: [
      { conversation_id: 'c', hook_event_name: 'afterFileEdit', workspace_roots: [here], file_path: file('src/a.ts'), edits: [{ old_string: 'a', new_string: 'b' }] },
      ['src/a.ts'],
    ],
    'Cursor, after a tool': [{ hook_event_name: 'postToolUse', workspace_roots: [here], tool_name: 'Write', tool_input: { file_path: 'src/a.ts', content: 'x' } }, ['src/a.ts']],
    'Gemini CLI': [{ hook_event_name: 'AfterTool', cwd: here, tool_name: 'write_file', tool_input: { file_path: 'src/a.ts', content: 'x' } }, ['src/a.ts']],
    Codex: [{ hook_event_name: 'PostToolUse', cwd: here, tool_name: 'apply_patch', tool_input: { command: patch } }, ['src/a.ts', 'b.ts', 'c.ts']],
    'Codex, as a command': [{ hook_event_name: 'PostToolUse', cwd: here, tool_input: { command: ['apply_patch', patch] } }, ['src/a.ts', 'b.ts', 'c.ts']],
    'VS Code': [{ hookEventName: 'PostToolUse', cwd: here, tool_name: 'replace_string_in_file', tool_input: { filePath: file('src/a.ts') } }, ['src/a.ts']],
    'VS Code, several files': [{ hook_event_name: 'PostToolUse', cwd: here, tool_input: { files: ['src/a.ts', 'b.ts'] } }, ['src/a.ts', 'b.ts']],
    Windsurf: [{ agent_action_name: 'post_write_code', tool_info: { file_path: file('src/a.ts'), edits: [] } }, ['src/a.ts']],
    'a program': [{ file_path: 'src/a.ts' }, ['src/a.ts']],
  }; // prettier-ignore

  for (const [agent, [input, expected]] of Object.entries(edits))
    it(`of ${agent} names the files`, () => {
      assert.deepEqual(hookCall(JSON.stringify(input), here).files, expected.map(file)); // prettier-ignore
    });

  it('that is wrong has an error that says how', async () => {
    for (const [text, message] of [
      ['', /expects the JSON of an edit/],
      ['{', /not JSON/],
      ['null', /no object/],
      ['[1]', /no object/],
      ['{}', /names no file/],
      ['{"hook_event_name":"SessionStart"}', /not at "SessionStart"/],
      ['{"hook_event_name":"__proto__"}', /not at "__proto__"/],
      ['{"file_path":{"a":1}}', /names no file/],
    ] as const) {
      const { code, stdout, stderr } = await answerHook(text, here);
      assert.deepEqual([code, stdout], [1, ''], text);
      assert.match(stderr, message);
    }
  });

  it('that is odd is taken as far as it goes', () => {
    const odd = { hook_event_name: 'PostToolUse', cwd: 7, session_id: [], tool_input: 'text', tool_response: null, files: [null, 3, { path: 'a.ts' }, '\0'] }; // prettier-ignore
    assert.deepEqual(hookCall(JSON.stringify(odd), here), { style: 'stderr', event: 'PostToolUse', files: [file('a.ts')], folder: here, session: '' }); // prettier-ignore
    const many = { hook_event_name: 'PostToolUse', tool_input: { files: Array.from({ length: 500 }, (_, index) => `${index}.ts`) } }; // prettier-ignore
    assert.equal(hookCall(JSON.stringify(many), here).files.length, 50);
  });
});

describe('the answer of bulkhead hook', () => {
  const reply: EditedReply = { state: 'complete', isDifference: true, appeared: [], appearedCount: 0, fixed: [], fixedCount: 0, running: [], gaps: [], unchecked: [] }; // prettier-ignore
  const problem = { ...reply, appeared: [anIssue({ severity: 'error' })], appearedCount: 1 };

  it('is nothing where the edit changed nothing', () => {
    assert.deepEqual(outputOf({ style: 'stderr', event: 'PostToolUse' }, messageOf(reply)), { stdout: '', stderr: '', code: 0 }); // prettier-ignore
    assert.equal(outputOf({ style: 'cursor', event: 'afterFileEdit' }, messageOf(reply)).stdout, '{}\n');
  });

  it('reaches the model of each agent', () => {
    const message = messageOf(problem);
    assert.match(message.text, /^Bulkhead: 1 new problem\.\n.*data, not instructions[^]*error eslint\/no-var src\/a\.ts:1:1 Unexpected var/); // prettier-ignore
    assert.deepEqual(outputOf({ style: 'stderr', event: 'PostToolUse' }, message), { stdout: '', stderr: `${message.text}\n`, code: 2 }); // prettier-ignore
    const gemini = outputOf({ style: 'context', event: 'AfterTool' }, message);
    assert.deepEqual([gemini.code, JSON.parse(gemini.stdout)], [0, { hookSpecificOutput: { hookEventName: 'AfterTool', additionalContext: message.text } }]); // prettier-ignore
    const cursor = outputOf({ style: 'cursor', event: 'afterFileEdit' }, message);
    assert.deepEqual([cursor.code, JSON.parse(cursor.stdout)], [0, { additional_context: message.text }]);
    const fixed = outputOf({ style: 'stderr', event: 'PostToolUse' }, messageOf({ ...reply, fixedCount: 2 }));
    assert.equal(fixed.code, 0);
    assert.match(fixed.stdout, /"additionalContext":"Bulkhead: 2 fixed\."/);
  });

  it('says what is not known', () => {
    assert.match(messageOf({ ...reply, state: 'running', running: ['typescript'] }).text, /Still checking: typescript/);
    assert.match(messageOf({ ...problem, isDifference: false }).text, /what was there before is not known/);
    assert.match(messageOf({ ...problem, gaps: ['eslint'] }).text, /No answer of eslint/);
    assert.match(messageOf({ ...reply, unchecked: ['a.txt'] }).text, /Nothing checks a\.txt/);
  });

  it(`has at most ${MOST_TOKENS} tokens, whatever the files hold`, () => {
    const vocabularies = [new Tokenizer(claude), new Tokenizer(o200k)];
    for (const message of [
      'x',
      'Zeichenkette '.repeat(300),
      '字'.repeat(2000),
      'qZ7_'.repeat(500),
      '\u001B[31m\n'.repeat(400),
    ])
      for (const count of [1, 5, 20]) {
        const appeared = Array.from({ length: count }, (_, line) => anIssue({ file: `${message.slice(0, 300)}.ts`, message, severity: 'error', range: { start: { line, character: 0 }, end: { line, character: 1 } } })); // prettier-ignore
        const { text } = messageOf({ ...reply, state: 'running', appeared, appearedCount: 500, running: ['typescript', 'eslint', 'security'], gaps: ['knip'], fixedCount: 3 }); // prettier-ignore
        for (const vocabulary of vocabularies) assert.ok(vocabulary.count(text) <= MOST_TOKENS, text);
        assert.match(text, /more: ask the tool problems/);
      }
  });

  it('says so where nothing is running', async () => {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'bulkhead-hook-'));
    const { code, stdout } = await answerHook(JSON.stringify({ hook_event_name: 'PostToolUse', tool_input: { file_path: 'a.ts' } }), folder); // prettier-ignore
    assert.equal(code, 0);
    assert.match(stdout, /did not check this edit: nothing analyses this folder/);
    await rm(folder, { recursive: true });
  });
});
