/** Nuxt 3 and 4: its aliases exist before `nuxt prepare` writes them to a tsconfig. */
import type { AliasTable } from './aliases.ts';
import type { Framework, FrameworkProject } from './framework.ts';
import { joined } from '../projects.ts';

export const nuxt: Framework = {
  name: 'Nuxt',
  packages: ['nuxt', 'nuxt-nightly', 'nuxt-edge', '@nuxt/kit', '@nuxt/schema', '@nuxt/module-builder'],
  configFile: /^nuxt\.config\.[cm]?[jt]s$/,
  names: [
    '#imports', '#components', '#app', '#app/*', '#build', '#build/*', '#internal/*', '#head', '#unhead', '#unhead/*',
    '#vue-router', '#entry', '#spa-template', '#nitro', '#nitro/*', '#nitro-internal-*', '#tasks', '#nuxt-component-preview',
    // Its own packages, which its documentation says to import.
    'vue', 'vue-router', '@unhead/vue', 'h3', 'ofetch', 'nitropack', 'nitropack/*',
  ], // prettier-ignore
  // Modules of Nuxt give names such as `#ui`, which only an installation tells.
  open: ['#'],
  aliases,
};

function aliases(project: FrameworkProject): AliasTable {
  const { directory, foldersIn } = project;
  const source = sourceOf(project, directory);
  const layers = foldersIn(joined(directory, 'layers')).map((name) => {
    const layer = joined(directory, `layers/${name}`);
    return [`#layers/${name}`, [sourceOf({ ...project, config: undefined }, layer), layer]] as const;
  });
  const isOfLayers = /^(.*?)\/?layers\/[^/]+$/.exec(directory);
  // A name in a layer means the layer, and then the application that it is part of.
  const around = isOfLayers?.[1] === undefined ? [] : [sourceOf({ ...project, config: undefined }, isOfLayers[1]), isOfLayers[1]]; // prettier-ignore
  return {
    '~': [source, ...around],
    '@': [source, ...around],
    '~~': [directory, ...around],
    '@@': [directory, ...around],
    '#shared': [joined(directory, 'shared'), ...around.map((one) => joined(one, 'shared'))],
    '#server': [joined(directory, 'server'), joined(source, 'server')],
    assets: joined(source, 'assets'),
    public: joined(directory, 'public'),
    ...Object.fromEntries(layers),
  };
}

/** Nuxt 4 expects the sources in `app`, Nuxt 3 in the folder itself. */
function sourceOf({ config, hasDirectory }: FrameworkProject, directory: string): string {
  const own = config?.sourceDirectory;
  if (own !== undefined) return joined(directory, own);
  const app = joined(directory, 'app');
  return hasDirectory(app) ? app : directory;
}
