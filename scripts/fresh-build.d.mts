export function ensureFreshBuild(): void;
export function buildIfStale(root: string, build: () => void): boolean;
