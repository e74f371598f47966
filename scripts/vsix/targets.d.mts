export interface Target {
  readonly os: string;
  readonly cpu: string;
  readonly libc?: string;
  readonly binding: string;
  readonly native: boolean;
  readonly maxMegabytes: number;
}
export const targets: Readonly<Record<string, Target>>;
export function ownTarget(): string;
export function nativePackages(target: Target): string[];
