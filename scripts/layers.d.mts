export const layers: Readonly<Record<string, readonly string[]>>;
export function forbiddenArrows(): readonly { readonly from: string; readonly to: string }[];
export function folderOf(name: string): string;
export const hiddenImports: readonly { readonly selector: string; readonly message: string }[];
