/** Every detector, a line each. To add one, add its folder and its line. */
export { manifest as build } from './build/manifest.ts';
export { manifest as circular } from './circular/manifest.ts';
export { manifest as complexity } from './complexity/manifest.ts';
export { manifest as dependents } from './dependents/manifest.ts';
export { manifest as duplication } from './duplication/manifest.ts';
export { manifest as eslint } from './eslint/manifest.ts';
export { manifest as import } from './import/manifest.ts';
export { manifest as installation } from './installation/manifest.ts';
export { manifest as isolation } from './isolation/manifest.ts';
export { manifest as knip } from './knip/manifest.ts';
export { manifest as network } from './network/manifest.ts';
export { manifest as package } from './package/manifest.ts';
export { manifest as performance } from './performance/manifest.ts';
export { manifest as runtime } from './runtime/manifest.ts';
export { manifest as security } from './security/manifest.ts';
export { manifest as suppressions } from './suppressions/manifest.ts';
export { manifest as typescript } from './typescript/manifest.ts';
