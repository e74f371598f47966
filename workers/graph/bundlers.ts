/** Whether a bundler or a tool like one, which completes paths and knows more conditions than Node.js, runs a file. Pure. */
import { isRecord, type Manifests } from './manifests.ts';

/** The file's package or the root uses one. */
export function usesBundler(manifests: Manifests, file: string): boolean {
  return [manifests.packageOf(file), manifests.all.get('')].some((manifest) =>
    ['dependencies', 'devDependencies', 'peerDependencies'].some((field) => {
      const section = manifest?.data[field];
      return isRecord(section) && Object.keys(section).some((name) => BUNDLERS.test(name));
    }),
  );
}

const BUNDLERS =
  /^(vite|vitest|webpack|rollup|rolldown|esbuild|parcel|@parcel\/.*|next|nuxt|@rspack\/.*|@rsbuild\/.*|tsup|tsdown|tsx|bun|@sveltejs\/kit|astro|@remix-run\/.*|react-scripts|@vue\/cli-service|snowpack|browserify|@babel\/core|metro|expo|electron-vite|gatsby|unbuild|bunchee|microbundle|@swc\/cli|@angular\/.*|jest|@types\/bun)$/;
