/** SvelteKit: its modules and `$lib` exist before `svelte-kit sync` writes them to a tsconfig. */
import type { Framework } from './framework.ts';
import { joined } from '../projects.ts';

export const svelteKit: Framework = {
  name: 'SvelteKit',
  packages: ['@sveltejs/kit'],
  names: [
    '$app/environment', '$app/forms', '$app/navigation', '$app/paths', '$app/server', '$app/state', '$app/stores', '$app/types',
    '$env/dynamic/private', '$env/dynamic/public', '$env/static/private', '$env/static/public', '$service-worker',
    './$types', './$types.js', './$types.d.ts', './$types.ts', '../*$types', '../*$types.js', '__sveltekit/*', 'sveltekit:*',
  ], // prettier-ignore
  closed: ['$app/', '$env/'],
  declarations: '@sveltejs/kit/types/index.d.ts',
  aliases: ({ directory, config }) => ({ $lib: joined(directory, config?.libraryDirectory ?? 'src/lib') }),
};
