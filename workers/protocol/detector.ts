/** The interface of detectors: data and two functions, called only through the protocol. A detector knows no editor. */
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
  /** Names the file (relative to the root) whose code runs next: the suspect if the worker crashes while planning. */
  loading?(file: string): void;
}

/** Receives the results of a check. Events reach the server in batches and in order. */
export interface CheckContext extends PlanContext {
  /**
   * Names the input that is checked next: the suspect if the worker crashes. It is sent at once, so do not call it for
   * what another process has checked already. For a project it also confirms that the
   * detector has processed `changed` of the request, which is then not sent again even if the check is cancelled.
   */
  begin(unit: Unit, file: string): void;
  /** Adds findings to a file; may be called several times before {@link done}. */
  report(unit: Unit, file: string, findings: readonly Finding[]): void;
  /**
   * The unit's findings for this file are complete. Call it also for a file without findings, otherwise its older issues
   * stay until the unit ends. Await it: it resolves at once unless the reader falls behind (backpressure).
   * @param signature of the file, if its unit has `needsSignature`
   */
  done(unit: Unit, file: string, signature?: InterfaceSignature): Promise<void>;
  progress(done: number, total: number, what?: string): void;
  /** Names the tool that checks the unit until the check ends, if it is not the one that the plan names. */
  answeredBy?(unit: Unit, engine: string): void;
  problem(problem: DetectorProblem): void;
}

export interface Detector {
  readonly name: string;
  /** Changes whenever the same input may give different results: a quarantined input is then tried again. */
  readonly version: string;
  /**
   * Returns the units to check under a root. A broken configuration is a problem in the result, not an exception.
   * @throws only if the detector itself fails
   */
  plan(request: PlanRequest, context: PlanContext): Promise<PlanResult>;
  /**
   * Checks units and streams their findings. Observes `context.signal` at least between files. When it returns, files of
   * its units that it did not report have no findings.
   */
  check(request: CheckRequest, context: CheckContext): Promise<CheckResult>;
  dispose?(): Promise<void>;
}
