/** Which step of starting a container failed; each has its own way out. */
export type ContainerFailureCause =
  | 'no-engine'
  | 'engine-down'
  | 'engine-forbidden'
  | 'no-subuid'
  | 'no-image'
  | 'no-init'
  | 'no-node'
  | 'no-mount'
  | 'no-limits'
  | 'no-room'
  | 'engine-other';
