/** The configuration of a folder: its configuration files, and the choice of the user. Lives as long as the folder. */
import { ConfigurationError, emptyConfiguration, readConfiguration } from '../configuration/read.ts';
import { detectorSettings, type DetectorChoice } from '../engine/detector-settings.ts';
import type { EngineSettings } from '../engine/engine.ts';

export class FolderConfiguration {
  readonly #root: string;
  /** The last valid configuration, with the issues of the present one. */
  #configuration = emptyConfiguration;

  constructor(root: string) {
    this.#root = root;
  }

  /**
   * Reads the files again. If `bulkhead.config.json` is broken, the last good one stays in force.
   * @throws ConfigurationError
   */
  async read(): Promise<void> {
    try {
      this.#configuration = await readConfiguration(this.#root);
    } catch (error) {
      if (error instanceof ConfigurationError) this.#configuration = { ...this.#configuration, issues: error.issues };
      throw error;
    }
  }

  /** @param choice what the user chose; it overrides the files */
  settings(choice: DetectorChoice): Pick<EngineSettings, 'detectors' | 'exclude' | 'issues'> {
    return detectorSettings(this.#configuration, choice);
  }
}
