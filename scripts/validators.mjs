// Compiles the schemas of settings and options while the bundle is built: the server then loads functions, not a compiler.
import path from 'node:path';
import standalone from 'ajv/dist/standalone/index.js';
import { compiler } from '../server/configuration/validators.ts';

/** An esbuild plugin that replaces the module which compiles the schemas by the code of the compiled functions. */
export const compiledValidators = {
  name: 'compiled-validators',
  setup(build) {
    build.onLoad({ filter: /[\\/]server[\\/]configuration[\\/]validators\.ts$/ }, ({ path: file }) => ({
      contents: standalone.default(compiler(true), { configuration: 'configuration', settings: 'settings' }),
      loader: 'js',
      resolveDir: path.dirname(file),
    }));
  },
};
