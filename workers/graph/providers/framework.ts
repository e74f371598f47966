/** What a framework gives to the modules of a project, beyond files and installed packages. Types only. */
import type { AliasTable } from './aliases.ts';
import type { ToolConfig } from './tool-config.ts';

export interface Framework {
  /** As people write it. */
  readonly name: string;
  /** A package that declares one of these uses it; `*` stands for any characters. Empty: every project does. */
  readonly packages: readonly string[];
  /** Or a file of this name in the folder. */
  readonly configFile?: RegExp;
  /** The names that it gives; `*` stands for any characters. */
  readonly names?: readonly string[];
  /** Prefixes under which only it gives names: any other name there is a mistake. */
  readonly closed?: readonly string[];
  /** Prefixes that plug-ins use too: only what looks like a misspelt name is a mistake. */
  readonly open?: readonly string[];
  /** A declaration file in one of its packages: the modules that it declares are names too. */
  readonly declarations?: string;
  readonly aliases?: (project: FrameworkProject) => AliasTable;
  /** Parts of file names before the extension, for builds of several platforms, preferred first. */
  readonly suffixes?: readonly string[];
}

/** A folder in which a framework is used. Paths are relative to the root. */
export interface FrameworkProject {
  readonly directory: string;
  /** What its configuration says, if there is one. */
  readonly config: ToolConfig | undefined;
  hasDirectory(directory: string): boolean;
  /** The names of the folders in a folder. */
  foldersIn(directory: string): readonly string[];
}
