import type { Issue, Unit } from '../../../workers/protocol.ts';
interface OracleFix {
    readonly range: readonly [number, number];
    readonly text: string;
}
export interface OracleMessage {
    readonly ruleId: string | null;
    readonly severity: number;
    readonly fatal?: boolean;
    readonly message: string;
    readonly line?: number;
    readonly column?: number;
    readonly endLine?: number | null;
    readonly endColumn?: number | null;
    readonly fix?: OracleFix;
    readonly suggestions?: readonly {
        readonly desc: string;
        readonly fix: OracleFix;
    }[];
}
export interface OracleResult {
    /** Relative to the workspace, with forward slashes. */
    readonly file: string;
    readonly messages: readonly OracleMessage[];
    /** With `--fix-dry-run`: the fixed text, if there was anything to fix. */
    readonly output?: string;
}
export interface OracleRun {
    readonly results: readonly OracleResult[];
    /** Of the process; 2 means that ESLint gave up and there are no results. */
    readonly exitCode: number | null;
    readonly stderr: string;
    readonly durationMs: number;
}
/**
 * Runs `eslint . -f json` with the ESLint a folder resolves to.
 * @param workspace absolute; files are told relative to it
 * @param folder where to run, relative to the workspace
 */
export declare function runEslint(workspace: string, folder?: string, args?: readonly string[], env?: NodeJS.ProcessEnv): Promise<OracleRun>;
export interface Comparison {
    readonly files: number;
    readonly messages: number;
    /** One line each; empty when detector and command line agree. */
    readonly differences: readonly string[];
}
/** Compares what the detector planned and found with what the command line linted and found. */
export declare function compare(workspace: string, units: readonly Unit[], issues: readonly Issue[], oracle: readonly OracleResult[]): Comparison;
export {};
