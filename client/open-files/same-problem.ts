/** Whether a diagnostic of another extension reports the same problem as one of ours. Pure, without the editor's API. */

/** The part of a diagnostic that is compared. */
export interface ComparedDiagnostic {
  readonly source?: string | undefined;
  readonly code?: string | number | { readonly value: string | number } | undefined;
  readonly range: { readonly start: { readonly line: number } };
}

/** One of ours. */
export interface OwnIssue {
  readonly detector: string;
  readonly rule: string;
  readonly line: number;
}

/** How other extensions name the rules of a detector, by the source of their diagnostics. */
const peers: Readonly<Record<string, Readonly<Record<string, (code: string) => string>>>> = {
  typescript: { ts: ofTypescript, js: ofTypescript, typescript: ofTypescript, javascript: ofTypescript },
  eslint: { eslint: (code) => code, oxc: ofOxc, oxlint: ofOxc, biome: ofBiome },
  oxlint: { oxc: ofOxc, oxlint: ofOxc },
  biome: { biome: (code) => code },
};

/** Whether another extension may report the problems of a detector too. */
export function hasPeers(detector: string): boolean {
  return Object.hasOwn(peers, detector);
}

/** Whether the diagnostic comes from an extension that reports the problems of a detector too. */
export function isOfPeer(detector: string, { source = '' }: ComparedDiagnostic): boolean {
  return Object.hasOwn(peers[detector] ?? {}, source);
}

export function isSameProblem(own: OwnIssue, other: ComparedDiagnostic): boolean {
  const ruleOf = peers[own.detector]?.[other.source ?? ''];
  if (ruleOf === undefined || other.range.start.line !== own.line) {
    return false;
  }
  const code = typeof other.code === 'object' ? other.code.value : other.code;
  // A text that cannot be parsed breaks no rule.
  return code === undefined ? own.rule === 'parse-error' : isSameRule(own.rule, ruleOf(String(code)));
}

function isSameRule(own: string, other: string): boolean {
  return own === other || (other.startsWith('*/') && own.split('/').at(-1) === other.slice(2));
}

function ofTypescript(code: string): string {
  return `TS${code}`;
}

/** `eslint(no-debugger)`, `typescript-eslint(no-explicit-any)`, `eslint-plugin-unicorn(no-null)`. */
function ofOxc(code: string): string {
  const [, plugin = '', rule = code] = /^([^(]+)\((.+)\)$/.exec(code) ?? [];
  if (plugin === '' || plugin === 'eslint') {
    return rule;
  }
  return plugin === 'typescript-eslint'
    ? `@typescript-eslint/${rule}`
    : `${plugin.replace('eslint-plugin-', '')}/${rule}`;
}

/** `lint/suspicious/noDebugger` is ESLint's `no-debugger`, or that of any plugin. */
function ofBiome(code: string): string {
  const name = code.split('/').at(-1) ?? '';
  return `*/${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}
