// Compiles the schemas of settings and options while the bundle is built: the server then loads functions, not a compiler.
import path from 'node:path';
import standalone from 'ajv/dist/standalone/index.js';

const module = path.resolve(import.meta.dirname, '../server/configuration/validators.ts');

/** An esbuild plugin: in the place of the module that compiles them, what it compiles them to. */
export const compiledValidators = {
  name: 'compiled-validators',
  setup(build) {
    build.onLoad({ filter: /[\\/]server[\\/]configuration[\\/]validators\.ts$/ }, async () => {
      const { compiler } = await import(module);
      const contents = standalone.default(compiler(true), { configuration: 'configuration', settings: 'settings' });
      return { contents, loader: 'js', resolveDir: path.dirname(module) };
    });
  },
};
