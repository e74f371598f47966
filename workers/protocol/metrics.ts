/** What `workers/metrics.ts` prints: an array of these, in path order. Couplings after R. C. Martin. */
export interface FolderMetrics {
  /** Relative to the root; modules below it count as in it. */
  readonly folder: string;
  /** Afferent coupling Ca: how many times a module outside depends on one inside. */
  readonly ca: number;
  /** Efferent coupling Ce: how many times a module inside depends on one outside. */
  readonly ce: number;
  /** I = Ce / (Ca + Ce): 0: others depend on it and it depends on nothing; 1: the reverse; 0 without any coupling. */
  readonly instability: number;
}
