/** The host's environment with changes; on Windows names are equal in any case. */
export function mergeEnvironment(
  base: NodeJS.ProcessEnv,
  changes: Readonly<Record<string, string | undefined>>,
  platform: NodeJS.Platform = process.platform,
): NodeJS.ProcessEnv {
  const merged: NodeJS.ProcessEnv = { ...base };
  const changed = new Set(Object.keys(changes).map((name) => name.toUpperCase()));
  if (platform === 'win32')
    for (const name of Object.keys(merged)) if (changed.has(name.toUpperCase())) delete merged[name];
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined) delete merged[name];
    else merged[name] = value;
  }
  return merged;
}
