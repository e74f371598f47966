/** What `bulkhead doctor` finds out: the object of `--format json`. */
import type { PlacedValue } from '../configuration/origins.ts';

/** What a detector would do. `off`: not chosen. `restricted`: forbidden by `--untrusted`. */
export type DoctorState = 'ready' | 'not-applicable' | 'failed' | 'off' | 'restricted';

export interface DoctorDetector {
  readonly name: string;
  readonly state: DoctorState;
  /** The tool that would answer, with its version. */
  readonly tool?: string;
  /** How much it would check, in files or projects. */
  readonly units?: number;
  /** Why it would not run, or would not do everything; or what it has to say. */
  readonly reason?: string;
}

export interface DoctorReport {
  readonly schemaVersion: 1;
  readonly root: string;
  readonly versions: Readonly<Record<'bulkhead' | 'node' | 'git' | 'system', string>>;
  readonly machine: {
    readonly processors: number;
    readonly memoryBytes: number;
    readonly freeBytes: number;
    /** `cgroup`: a container limits it. */
    readonly memoryFrom: 'machine' | 'cgroup';
  };
  readonly detectors: readonly DoctorDetector[];
  /** Values that are not the defaults. */
  readonly configuration: readonly PlacedValue[];
  /** Settings of the folder that only an editor reads. */
  readonly editor: readonly PlacedValue[];
  /** What keeps answers away, each with the way out. */
  readonly troubles: readonly string[];
  /** Tools that are installed and configured, and not declared. */
  readonly offers: readonly string[];
  readonly exitCode: number;
}
