export function manifestWithSettings(): unknown;
export function configFileSchema(): unknown;
