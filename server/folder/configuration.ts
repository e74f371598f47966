/** The configuration of a folder: its configuration files, and the choice of the user. Lives as long as the folder. */
import type { Issue } from '../../workers/protocol/detector-protocol.ts';
import {
  ConfigurationError,
  emptyConfiguration,
  readConfiguration,
  type Configuration,
} from '../configuration/read.ts';
import { detectorSettings, type DetectorChoice } from '../engine/detector-settings.ts';
import type { EngineSettings } from '../engine/engine-settings.ts';

export class FolderConfiguration {
  readonly #root: string;
  readonly #readFiles: typeof readConfiguration;
  /** The last valid configuration, with the issues of the present one. */
  #configuration = emptyConfiguration;
  #reads = 0;

  /** @param readFiles for tests */
  constructor(root: string, readFiles = readConfiguration) {
    this.#root = root;
    this.#readFiles = readFiles;
  }

  /**
   * Reads the files again. If `bulkhead.config.json` is broken, the last valid one stays in force. If several reads overlap,
   * the last one counts.
   * @throws ConfigurationError
   */
  async read(): Promise<void> {
    const read = ++this.#reads;
    try {
      this.#set(read, await this.#readFiles(this.#root));
    } catch (error) {
      if (error instanceof ConfigurationError) this.#set(read, { ...this.#configuration, issues: error.issues });
      throw error;
    }
  }

  /** Mistakes in the files, each at its place. */
  get issues(): readonly Issue[] {
    return this.#configuration.issues;
  }

  /** @param choice what the user chose; it overrides the files */
  settings(choice: DetectorChoice): Pick<EngineSettings, 'detectors' | 'exclude' | 'issues'> {
    return detectorSettings(this.#configuration, choice);
  }

  #set(read: number, configuration: Configuration): void {
    if (read === this.#reads) this.#configuration = configuration;
  }
}
