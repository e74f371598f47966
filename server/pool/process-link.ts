import type { Launch } from './link.ts';
export const launchProcess: Launch = () => {
  throw new Error('not yet');
};
