/** What package managers call their lock files and their commands. Data. */
export const lockfiles = {
  pnpm: ['pnpm-lock.yaml'],
  yarn: ['yarn.lock'],
  bun: ['bun.lock', 'bun.lockb'],
  npm: ['package-lock.json', 'npm-shrinkwrap.json'],
} as const;

export type PackageManager = keyof typeof lockfiles;

/** Of several lock files in a folder, that of the first one counts. */
export const packageManagers = Object.keys(lockfiles) as readonly PackageManager[];

/** The command that adds a package; its name follows. */
export const addCommands: Readonly<
  Record<PackageManager, { readonly production: string; readonly development: string }>
> = {
  npm: { production: 'npm install', development: 'npm install --save-dev' },
  pnpm: { production: 'pnpm add', development: 'pnpm add --save-dev' },
  yarn: { production: 'yarn add', development: 'yarn add --dev' },
  bun: { production: 'bun add', development: 'bun add --dev' },
};
