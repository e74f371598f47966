/** By path relative to the repository: the text that the file should have. */
export function generated(): Promise<Readonly<Record<string, string>>>;
