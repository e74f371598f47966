/**
 * The compiled schemas. When run from the sources, this module compiles them while it loads. The build replaces the module
 * with code that the compiler generates, so that the server does not load a compiler.
 */
import { Ajv, type ValidateFunction } from 'ajv';
import { schemas } from './schema.ts';

/** @param generate whether the source code of the validators is needed, as an ES module */
export function compiler(generate = false): Ajv {
  return new Ajv({
    allErrors: true,
    allowUnionTypes: true,
    // For editors only; validation ignores them.
    keywords: ['markdownEnumDescriptions', 'scope'],
    schemas,
    code: { source: generate, esm: generate },
  });
}

const ajv = compiler();

export const configuration: ValidateFunction = compiled('configuration');
export const settings: ValidateFunction = compiled('settings');

function compiled(name: keyof typeof schemas): ValidateFunction {
  const validate = ajv.getSchema(name);
  if (validate === undefined) throw new Error(`No schema: ${name}`);
  return validate;
}
