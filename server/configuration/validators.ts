/**
 * The compiled schemas. From the sources they are compiled when this module is loaded; the build replaces the module
 * by the code that the compiler generates, so that the server does not load a compiler.
 */
import { Ajv, type ValidateFunction } from 'ajv';
import { schemas } from './schema.ts';

/** @param generate whether the code of the functions is needed, as an ES module */
export function compiler(generate = false): Ajv {
  return new Ajv({
    allErrors: true,
    allowUnionTypes: true,
    // Text for editors, which validation does not look at.
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
