/**
 * Lets the TypeScript programs that typed rules use read unsaved texts. ESLint is given the text of the linted file only;
 * what that file imports is read by TypeScript, through one object that every program shares. The change of that object
 * stays until the process ends.
 */
import { createRequire } from 'node:module';
import path from 'node:path';

interface TypeScriptSystem {
  readFile(file: string, encoding?: string): string | undefined;
}

let texts: ReadonlyMap<string, string> = new Map();
const adapted = new WeakSet<TypeScriptSystem>();

/** @param unsaved by absolute path */
export function setUnsavedTexts(unsaved: ReadonlyMap<string, string>): void {
  texts = unsaved;
  for (const [name, module] of Object.entries(createRequire(import.meta.url).cache)) {
    if (!/[\\/]typescript[\\/]lib[\\/](?:typescript|tsserverlibrary)\.js$/.test(name)) continue;
    const { sys } = (module?.exports ?? {}) as { readonly sys?: TypeScriptSystem };
    if (sys !== undefined && !adapted.has(sys)) adapt(sys);
  }
}

function adapt(sys: TypeScriptSystem): void {
  adapted.add(sys);
  const { readFile } = sys;
  sys.readFile = (file, encoding) => texts.get(path.resolve(file)) ?? readFile.call(sys, file, encoding);
}
