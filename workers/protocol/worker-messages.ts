/** The messages between the server's pool and a worker, as types of the worker library. */
import type { DefineMessages } from '../ipc/index.ts';
import type { CheckEvent, CheckRequest, CheckResult, PlanRequest, PlanResult } from './detector-protocol.ts';

/** A request of the detector protocol. */
interface DetectorCall<Request> {
  readonly request: Request;
  /** Absolute path of the module that exports the detector; absent: it is one of Bulkhead's own. */
  readonly module?: string;
}

export interface PlanReply {
  readonly plan: PlanResult;
  readonly version: string;
}

/** The code of this file runs next, so it is the suspect if the worker crashes. */
export interface PlanEvent {
  readonly loading: string;
}

export interface CheckReply {
  readonly result: CheckResult;
  readonly version: string;
}

export interface CaptureCall {
  readonly kind: 'heap-snapshot' | 'cpu-profile';
  /** Absolute path of the file to write. */
  readonly file: string;
  /** Duration of a profile. */
  readonly durationMs: number;
}

export type WorkerMessages = DefineMessages<{
  plan: { payload: DetectorCall<PlanRequest>; result: PlanReply; event: PlanEvent };
  check: { payload: DetectorCall<CheckRequest>; result: CheckReply; event: CheckEvent };
  capture: { payload: CaptureCall; result: { readonly bytes: number } };
}>;
