/** What a report of a problem has in it: facts about Bulkhead and the machine, and nothing of the workspace. */
import { execFile } from 'node:child_process';
import os from 'node:os';
import { strToU8, zipSync } from 'fflate';
import * as vscode from 'vscode';
import { requests } from '../../workers/protocol/editor-protocol.ts';
import { healthMethods } from '../../workers/protocol/health.ts';
import type { ServerConnection } from '../server-connection.ts';
import { readSettings } from '../settings.ts';
import type { View } from '../view.ts';
import type { RecentHealth } from './history.ts';
import { Redaction, vocabularyOf } from './redaction.ts';

export interface ReportSources {
  readonly context: vscode.ExtensionContext;
  readonly view: View;
  /** Undefined: no server is running. */
  readonly connection: ServerConnection | undefined;
  readonly history: RecentHealth;
}

/** The end of a log says what happened. */
const longestLog = 1024 * 1024;
const doctorMs = 120_000;

const about = `A report of a problem with Bulkhead.

versions.json   Bulkhead, the editor, the machine
settings.json   the settings "bulkhead.*" in force
status.json     what the status bar item shows
history.json    state, memory and restarts over time
health.json     the workers, with their last exits and what is in quarantine
errors.json     failures by cause
timings.json    time by detector and rule
folders.json    where results are stored, and with whom the analysis is shared
doctor-*.json   what "bulkhead doctor" says of each folder
logs/           what the output says

Nothing of the workspace is in it: no issue, no line, no name. Paths, quotations, and words that Bulkhead's own code does not
have are placeholders, such as ‹path-1›; the same text has the same one. Look through it before you pass it on.
`;

/** @returns the bytes of a zip file */
export async function makeReport(sources: ReportSources): Promise<Uint8Array> {
  const { context, view, history } = sources;
  const folders = (vscode.workspace.workspaceFolders ?? []).filter(({ uri }) => uri.scheme === 'file');
  const [vocabulary, logs, answers, doctors] = await Promise.all([
    ownWords(context.extensionUri),
    logsOf(context.logUri),
    answersOf(sources.connection),
    Promise.all(folders.map(({ uri }) => doctor(context.extensionUri, uri))),
  ]);
  const redaction = new Redaction({
    vocabulary,
    roots: folders.map(({ uri }) => uri.fsPath),
    extension: context.extensionPath,
  });
  const facts: Readonly<Record<string, unknown>> = {
    settings: readSettings(),
    status: view.phase === 'running' ? view.status : { state: view.phase },
    history: history.samples,
    ...answers,
    ...Object.fromEntries(doctors.map((report, index) => [`doctor-${index + 1}`, report])),
  };
  const files = {
    'README.txt': about,
    'versions.json': json(versionsOf(context)),
    ...Object.fromEntries(Object.entries(facts).map(([name, fact]) => [`${name}.json`, json(redaction.value(fact))])),
    ...Object.fromEntries(logs.map((log, index) => [`logs/${index + 1}.log`, redaction.text(log)])),
  };
  return zipSync(Object.fromEntries(Object.entries(files).map(([name, text]) => [name, strToU8(text)])));
}

function json(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}

function versionsOf({ extension }: vscode.ExtensionContext): unknown {
  return {
    bulkhead: (extension.packageJSON as { version?: unknown }).version,
    editor: `${vscode.env.appName} ${vscode.version}`,
    host: vscode.env.remoteName ?? vscode.env.appHost,
    language: vscode.env.language,
    node: process.versions.node,
    system: `${process.platform} ${process.arch}, ${os.release()}`,
    processors: os.availableParallelism(),
    memoryBytes: os.totalmem(),
    trusted: vscode.workspace.isTrusted,
  };
}

/** Empty without a server. */
async function answersOf(connection: ServerConnection | undefined): Promise<Readonly<Record<string, unknown>>> {
  if (!connection) return {};
  const methods = {
    health: healthMethods.health,
    errors: healthMethods.errors,
    timings: requests.timings,
    folders: requests.folders,
  };
  // A server that hangs must not keep the report from being made.
  const answers = Object.entries(methods).map(async ([name, method]) => [
    name,
    await inTime(connection.request(method)),
  ]);
  return Object.fromEntries(await Promise.all(answers)) as Readonly<Record<string, unknown>>;
}

async function inTime(answer: Promise<unknown>): Promise<unknown> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise((resolve) => {
    timer = setTimeout(() => resolve({ error: 'no answer' }), 10_000);
  });
  try {
    return await Promise.race([answer.catch((error: unknown) => ({ error: String(error) })), late]);
  } finally {
    clearTimeout(timer);
  }
}

async function ownWords(extension: vscode.Uri): Promise<ReadonlySet<string>> {
  const dist = vscode.Uri.joinPath(extension, 'dist');
  const names = (await vscode.workspace.fs.readDirectory(dist)).map(([name]) => name);
  const code = names.filter((name) => /\.[cm]js$/.test(name));
  return vocabularyOf(await Promise.all(code.map((name) => readText(vscode.Uri.joinPath(dist, name)))));
}

/** The newest last. Empty where the editor writes no logs. */
async function logsOf(folder: vscode.Uri): Promise<readonly string[]> {
  try {
    const names = (await vscode.workspace.fs.readDirectory(folder)).map(([name]) => name);
    const logs = names.filter((name) => name.endsWith('.log')).toSorted();
    const texts = await Promise.all(logs.map((name) => readText(vscode.Uri.joinPath(folder, name))));
    return texts.map((text) =>
      text.slice(-longestLog).replace(/^[^\n]*/, (line) => (text.length > longestLog ? '' : line)),
    );
  } catch {
    return [];
  }
}

async function readText(uri: vscode.Uri): Promise<string> {
  return new TextDecoder().decode(await vscode.workspace.fs.readFile(uri));
}

/** What `bulkhead doctor` says of a folder. Its exit code only says whether answers would be missing. */
function doctor(extension: vscode.Uri, folder: vscode.Uri): Promise<unknown> {
  const command = vscode.Uri.joinPath(extension, 'dist', 'cli.mjs').fsPath;
  const trust = vscode.workspace.isTrusted ? [] : ['--untrusted'];
  const argv = [command, 'doctor', folder.fsPath, '--format', 'json', ...trust];
  const options = {
    // Not the folder, whose files a program might take for its own.
    cwd: extension.fsPath,
    env: { ...process.env, ELECTRON_RUN_AS_NODE: '1' },
    maxBuffer: 1 << 26,
    timeout: doctorMs,
    windowsHide: true,
  };
  return new Promise((resolve) => {
    execFile(process.execPath, argv, options, (error, stdout, stderr) => {
      try {
        resolve(JSON.parse(stdout));
      } catch {
        resolve({ error: error?.message ?? 'no report', stderr });
      }
    });
  });
}
