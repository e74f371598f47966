/**
 * Tools that Bulkhead knows by name: `"external": {"ruff": true}` is enough. Each runs as the project has it installed,
 * with its own configuration. Data only.
 */
import type { ToolDeclaration } from './tool-declaration.ts';

export interface ToolPreset {
  readonly tool: ToolDeclaration;
  /** Files any of which says that the project uses the tool, by name in the root folder. */
  readonly configurations: readonly string[];
  /** The npm package, if it comes as one. */
  readonly package?: string;
}

const configs = (name: string, ...extensions: readonly string[]): readonly string[] =>
  extensions.map((extension) => `${name}${extension}`);

const cspellConfigs = [
  ...configs('cspell', '.json', '.config.json', '.config.js', '.config.cjs', '.config.mjs', '.yaml', '.yml'),
  ...configs('.cspell', '.json', '.yaml', '.yml'),
  ...configs('cspell.config', '.yaml', '.yml'),
];
const stylelintConfigs = [
  ...configs('stylelint.config', '.js', '.cjs', '.mjs', '.ts'),
  ...configs('.stylelintrc', '', '.json', '.yaml', '.yml', '.js', '.cjs', '.mjs'),
];
const markdownlintConfigs = [
  ...configs('.markdownlint-cli2', '.jsonc', '.yaml', '.cjs', '.mjs'),
  ...configs('.markdownlint', '.json', '.jsonc', '.yaml', '.yml', '.cjs', '.mjs'),
];
/** The compiler that prints with `--pretty false`. */
const compilerPattern =
  '^(?<file>.+?)\\((?<line>\\d+),(?<column>\\d+)\\): (?<severity>error|warning) (?<rule>TS\\d+): (?<message>.*)$';

export const presets: Readonly<Record<string, ToolPreset>> = {
  actionlint: {
    tool: {
      command: ['actionlint', '-no-color', '-oneline', '{files}'],
      stdin: ['actionlint', '-no-color', '-oneline', '-stdin-filename', '{file}', '-'],
      files: ['.github/workflows/*.{yml,yaml}'],
      output: 'text',
      pattern: '^(?<file>.+?):(?<line>\\d+):(?<column>\\d+): (?<message>.*) \\[(?<rule>[\\w-]+)\\]$',
      severity: 'error',
      columns: 'bytes',
      configFiles: ['.github/actionlint.yaml', '.github/actionlint.yml'],
      install: 'Install it from https://github.com/rhysd/actionlint.',
    },
    configurations: ['.github/actionlint.yaml', '.github/actionlint.yml'],
  },
  'astro-check': {
    tool: {
      command: ['astro', 'check', '--minimumFailingSeverity', 'error'],
      files: ['**/*.{astro,ts,tsx,js,jsx,mts,cts}', '**/tsconfig.json'],
      output: 'text',
      pattern:
        '^(?<file>.+?):(?<line>\\d+):(?<column>\\d+) - (?<severity>error|warning|hint) (?<rule>(?:ts|astro)\\(\\d+\\)): (?<message>.*)$',
      configFiles: ['astro.config.mjs', 'astro.config.ts', 'tsconfig.json'],
      install: 'Run: npm install --save-dev @astrojs/check typescript',
      ranBy: 'typescript',
    },
    configurations: configs('astro.config', '.mjs', '.js', '.ts', '.mts', '.cjs'),
    package: '@astrojs/check',
  },
  biome: {
    tool: {
      command: [
        'biome',
        'lint',
        '--reporter=github',
        '--max-diagnostics=none',
        '--colors=off',
        '--no-errors-on-unmatched',
        '{files}',
      ],
      files: ['**/*.{js,mjs,cjs,jsx,ts,mts,cts,tsx,json,jsonc,css,graphql,vue,svelte,astro}'],
      output: 'github',
      columns: 'characters',
      configFiles: ['biome.json', 'biome.jsonc'],
      install: 'Run: npm install --save-dev @biomejs/biome',
    },
    configurations: ['biome.json', 'biome.jsonc'],
    package: '@biomejs/biome',
  },
  cspell: {
    tool: {
      command: ['cspell', 'lint', '--no-progress', '--no-summary', '--no-color', '--no-must-find-files', '{files}'],
      files: ['**/*'],
      output: 'text',
      pattern:
        '^(?<file>.+?):(?<line>\\d+):(?<column>\\d+)\\s+-\\s+(?<message>(?<rule>Unknown word|Forbidden word|Misspelled word).*)$',
      severity: 'info',
      configFiles: cspellConfigs,
      install: 'Run: npm install --save-dev cspell',
    },
    configurations: cspellConfigs,
    package: 'cspell',
  },
  markdownlint: {
    tool: {
      command: ['markdownlint-cli2', '{files}'],
      files: ['**/*.{md,markdown}'],
      output: 'text',
      stream: 'stderr',
      pattern:
        '^(?<file>.+?):(?<line>\\d+)(?::(?<column>\\d+))? (?:(?<severity>error|warning) )?(?<rule>MD\\d+)(?:\\/[\\w/-]+)? (?<message>.*)$',
      configFiles: markdownlintConfigs,
      install: 'Run: npm install --save-dev markdownlint-cli2',
    },
    configurations: markdownlintConfigs,
    package: 'markdownlint-cli2',
  },
  oxlint: {
    tool: {
      command: ['oxlint', '--format=sarif', '--no-error-on-unmatched-pattern', '{files}'],
      files: ['**/*.{js,mjs,cjs,jsx,ts,mts,cts,tsx,vue,svelte,astro}'],
      output: 'sarif',
      // It says characters, and counts bytes.
      columns: 'bytes',
      configFiles: ['.oxlintrc.json', '.oxlintrc.jsonc', 'oxlint.config.ts'],
      install: 'Run: npm install --save-dev oxlint',
    },
    configurations: ['.oxlintrc.json', '.oxlintrc.jsonc', 'oxlint.config.ts'],
    package: 'oxlint',
  },
  ruff: {
    tool: {
      command: ['ruff', 'check', '--output-format=sarif', '--no-fix', '--force-exclude', '{files}'],
      stdin: [
        'ruff',
        'check',
        '--output-format=sarif',
        '--no-fix',
        '--force-exclude',
        '--stdin-filename',
        '{file}',
        '-',
      ],
      files: ['**/*.{py,pyi,ipynb}'],
      output: 'sarif',
      configFiles: ['pyproject.toml', 'ruff.toml', '.ruff.toml'],
      install: 'Run: pip install ruff (or see https://docs.astral.sh/ruff/installation).',
    },
    configurations: ['ruff.toml', '.ruff.toml'],
  },
  stylelint: {
    tool: {
      command: ['stylelint', '--formatter', 'json', '--allow-empty-input', '{files}'],
      stdin: ['stylelint', '--formatter', 'json', '--stdin-filename', '{file}', '--stdin'],
      files: ['**/*.{css,scss,sass,less,pcss,postcss}'],
      output: 'stylelint',
      exitCodes: [0, 2],
      configFiles: stylelintConfigs,
      install: 'Run: npm install --save-dev stylelint',
    },
    configurations: stylelintConfigs,
    package: 'stylelint',
  },
  'svelte-check': {
    tool: {
      command: ['svelte-check', '--output', 'machine'],
      files: ['**/*.{svelte,ts,js,mts,cts,json}'],
      output: 'text',
      pattern: '^\\d+ (?<severity>ERROR|WARNING) "(?<file>[^"]+)" (?<line>\\d+):(?<column>\\d+) (?<message>".*")$',
      configFiles: ['svelte.config.js', 'svelte.config.ts', 'tsconfig.json', 'jsconfig.json'],
      install: 'Run: npm install --save-dev svelte-check',
      ranBy: 'typescript',
    },
    configurations: ['svelte.config.js', 'svelte.config.ts'],
    package: 'svelte-check',
  },
  'vue-tsc': {
    tool: {
      command: ['vue-tsc', '--noEmit', '--pretty', 'false'],
      files: ['**/*.{vue,ts,tsx,mts,cts,js,jsx}', '**/tsconfig*.json'],
      output: 'text',
      pattern: compilerPattern,
      exitCodes: [0, 1, 2],
      configFiles: ['tsconfig.json'],
      install: 'Run: npm install --save-dev vue-tsc typescript',
      ranBy: 'typescript',
    },
    configurations: [],
    package: 'vue-tsc',
  },
};
