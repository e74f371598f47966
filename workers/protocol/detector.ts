/** What a detector is: data plus two functions, reached only through the protocol. It knows nothing of the editor. */
import type {
  CheckRequest,
  CheckResult,
  DetectorProblem,
  Finding,
  InterfaceSignature,
  PlanRequest,
  PlanResult,
  Unit,
} from './detector-protocol.ts';

export type LogLevel = 'error' | 'warn' | 'info' | 'debug';

export interface PlanContext {
  readonly signal: AbortSignal;
  log(level: LogLevel, message: string): void;
  /** Names the file (relative to the root) whose code runs next: the suspect should the worker die of a plan. */
  loading?(file: string): void;
}

/** Where a check writes what it finds. Events reach the server batched and in order. */
export interface CheckContext extends PlanContext {
  /**
   * Names the input that is about to be worked on: the suspect should the worker die. Of a project also: what the
   * request says of changes has been taken note of, and need not be told again should the check be cancelled.
   */
  begin(unit: Unit, file: string): void;
  /** Adds findings to a file; may be called several times before {@link done}. */
  report(unit: Unit, file: string, findings: readonly Finding[]): void;
  /**
   * The unit's findings for this file are complete. A file without findings needs it too, else its older issues stay
   * until the unit ends. Await it: it resolves at once unless the reader is slower than we are (backpressure).
   * @param signature of the file, if its unit has `needsSignature`
   */
  done(unit: Unit, file: string, signature?: InterfaceSignature): Promise<void>;
  progress(done: number, total: number, what?: string): void;
  /** Names the tool that gives the unit's answers until its check ends, if it is not the one that the plan names. */
  answeredBy?(unit: Unit, engine: string): void;
  problem(problem: DetectorProblem): void;
}

export interface Detector {
  readonly name: string;
  /** Changes whenever the same input may give other results: a quarantined input is then tried again. */
  readonly version: string;
  /**
   * Says what there is to analyse under a root. A broken configuration is a problem in the result, never an exception.
   * @throws only what the caller should see as a failure of the detector itself
   */
  plan(request: PlanRequest, context: PlanContext): Promise<PlanResult>;
  /**
   * Analyses units and streams what it finds. Honours `context.signal` at least between files.
   * When it returns, files of its units that it did not name have no findings.
   */
  check(request: CheckRequest, context: CheckContext): Promise<CheckResult>;
  dispose?(): Promise<void>;
}
