/** The messages between the server's pool and a worker's host, in the ipc library's terms. */
import type { DefineMessages } from '../ipc/index.ts';
import type { CheckEvent, CheckRequest, CheckResult, PlanRequest, PlanResult } from './detector-protocol.ts';

interface Order<Request> {
  /** Unique within the life of the process; what `cancel` names. */
  readonly order: number;
  readonly request: Request;
  /** Absolute path of a module to load the detector from; absent: one of Bulkhead's own. */
  readonly module?: string;
}

export type PlanOrder = Order<PlanRequest>;
export type CheckOrder = Order<CheckRequest>;

export interface PlanReply {
  readonly plan: PlanResult;
  readonly version: string;
}

/** The code of this file runs next: the suspect should the worker die. */
export interface PlanEvent {
  readonly loading: string;
}

export interface CheckReply {
  readonly result: CheckResult;
  readonly version: string;
  readonly cancelled: boolean;
}

export interface CaptureOrder {
  readonly kind: 'heap-snapshot' | 'cpu-profile';
  /** Absolute path of the file to write. */
  readonly file: string;
  /** For a profile. */
  readonly durationMs: number;
}

export type WorkerMessages = DefineMessages<{
  plan: { payload: PlanOrder; result: PlanReply; event: PlanEvent };
  check: { payload: CheckOrder; result: CheckReply; event: CheckEvent };
  /** A notification: the order ends as soon as its detector looks at its signal, and answers as usual. */
  cancel: { payload: { readonly order: number }; result: void };
  capture: { payload: CaptureOrder; result: { readonly bytes: number } };
}>;
