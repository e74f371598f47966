/**
 * The official conformance suite against the built server over HTTP, for both revisions of the protocol. The suite is made for
 * servers that offer everything, and a part of it needs tools, prompts and resources of its own. What a server with other tools
 * cannot be judged by is listed here with its reason, and nothing else may fail: no failure is expected.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { makeWorkspace, repository } from '../../support/workspace.ts';
import { startMcpOverHttp } from './client.ts';

const suite = path.join(repository, 'node_modules', '@modelcontextprotocol', 'conformance', 'dist', 'index.js');

/** Scenarios that need what this server does not offer, by the reason. */
const notOffered: readonly (readonly [reason: RegExp, scenarios: RegExp])[] = [
  [/^(?:Failed: |MCP error -32602: |JSON-RPC error: )*Tool test_\w+ not found/, /^tools-call-|^elicitation-|^input-required-result-/],
  [/Tool 'json_schema_2020_12_tool' not found/, /^json-schema-2020-12$/],
  [/^Not testable: server exposes no tool with x-mcp-header/, /^http-custom-header-server-validation$/],
  // No prompts, resources, completion or log levels.
  [/Method not found/, /^prompts-|^resources-|^completion-complete$|^logging-set-level$|^tools-call-with-logging$|^input-required-result-non-tool-request$/],
  // What follows from a tool of the suite that is not there.
  [/^Expected InputRequiredResult|^Prerequisite failed/, /^input-required-result-(?:multi-round|tampered-state)$/],
  // An extension.
  [/./, /^tasks-/],
]; // prettier-ignore
/** Scenarios that judge any server, and their checks that need more than tools. */
const judging: Readonly<Record<string, RegExp | undefined>> = {
  'server-initialize': undefined,
  ping: undefined,
  'tools-list': undefined,
  'dns-rebinding-protection': undefined,
  'server-sse-multiple-streams': undefined,
  'server-session-lifecycle': undefined,
  'server-sse-polling': undefined,
  'sep-2164-resource-not-found': undefined,
  'http-header-validation': undefined,
  'input-required-result-unsupported-methods': undefined,
  'input-required-result-missing-input-response': undefined,
  'input-required-result-ignore-extra-params': undefined,
  'input-required-result-validate-input': undefined,
  'server-stateless': /^Not testable: server does not list the diagnostic tool 'test_/,
  caching: /^(?:prompts|resources)\/\S+ returned JSON-RPC error -32601: Method not found/,
};

interface Check {
  readonly id: string;
  readonly status: string;
  readonly errorMessage?: string;
}

describe('conformance of the MCP server', () => {
  let folder: string;
  let url: string;
  const disposables = new AsyncDisposableStack();

  before(async () => {
    folder = await realpath(await mkdtemp(path.join(os.tmpdir(), 'bulkhead-conformance-')));
    disposables.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
    const workspace = disposables.use(await makeWorkspace({ 'package.json': '{ "name": "w" }\n', 'a.js': 'a;\n' }));
    const server = disposables.use(await startMcpOverHttp(workspace.root, folder, '--detectors', 'circular'));
    url = server.url.href;
  });

  after(() => disposables.disposeAsync());

  async function resultsOf(revision: string): Promise<ReadonlyMap<string, readonly Check[]>> {
    const out = path.join(folder, revision);
    const noneExpected = path.join(folder, 'expected-failures.yml');
    await writeFile(noneExpected, 'server: []\n');
    const argv = [suite, 'server', '--url', url, '--requirements', revision, '-o', out, '--expected-failures', noneExpected];
    // It exits with 1 for scenarios that need its own tools.
    await promisify(execFile)(process.execPath, argv, { maxBuffer: 1 << 26 }).catch(() => {});
    const folders = await readdir(out);
    return new Map(
      await Promise.all(
        folders.map(async (name): Promise<[string, readonly Check[]]> => {
          const checks = JSON.parse(await readFile(path.join(out, name, 'checks.json'), 'utf8')) as readonly Check[];
          return [name.replace(/^server-/, '').replace(/-\d{4}-\d\d-\d\dT.*/, ''), checks];
        }),
      ),
    );
  } // prettier-ignore

  for (const [revision, least] of [
    ['2025-11-25', 33],
    ['2026-07-28', 50],
  ] as const) {
    it(`has no failure with ${revision}`, async () => {
      const results = await resultsOf(revision);
      assert.ok(results.size >= least, `${results.size} scenarios`);
      for (const [scenario, checks] of results) {
        const failed = checks.filter(({ status }) => status === 'FAILURE');
        const excused = Object.hasOwn(judging, scenario)
          ? [judging[scenario]].filter((reason) => reason !== undefined)
          : notOffered.flatMap(([reason, scenarios]) => (scenarios.test(scenario) ? [reason] : []));
        const unexcused = failed.filter(
          ({ errorMessage = '' }) => !excused.some((reason) => reason.test(errorMessage)),
        );
        assert.deepEqual(unexcused, [], scenario);
        assert.ok(Object.hasOwn(judging, scenario) || failed.length > 0 || scenario.startsWith('tasks-'), `${scenario} passes: list it`); // prettier-ignore
        // Whatever is asked, each message is one of the protocol.
        const onWire = checks.find(({ id }) => id === 'wire-schema-valid');
        if (onWire) assert.equal(onWire.status, 'SUCCESS', scenario);
      }
      assert.ok([...results.values()].flat().filter(({ id, status }) => id === 'wire-schema-valid' && status === 'SUCCESS').length > 20); // prettier-ignore
    });
  }
});
