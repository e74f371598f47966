/** The configuration of a folder: what its `bulkhead.config.json` says and what the front end adds. */
import { readConfigFile, type ConfigFile } from '../engine/config-file.ts';
import { detectorSettings, knownDetectors, type DetectorChoice } from '../engine/detector-settings.ts';
import type { EngineSettings } from '../engine/engine.ts';

export class FolderConfiguration {
  readonly #root: string;
  /** The last one that could be used. */
  #file: ConfigFile = { exclude: [], detectors: {} };

  constructor(root: string) {
    this.#root = root;
  }

  /**
   * Reads the file again. When it is broken, the last good one stays in force.
   * @throws ConfigFileError
   */
  async read(): Promise<void> {
    this.#file = await readConfigFile(this.#root, knownDetectors);
  }

  /** @param choice what the front end was told; it wins over the file */
  settings(choice: DetectorChoice): Pick<EngineSettings, 'detectors' | 'exclude'> {
    return detectorSettings(this.#file, choice);
  }
}
