/** The sources that may show texts, relative to the repository. */
export function clientSources(): string[];
