/** Whose files the files of a container are: the host's own user. */
import type { ContainerUser } from './arguments.ts';

/** Undefined where users have no numbers. */
export function userOf(): ContainerUser | undefined {
  const [uid, gid] = [process.getuid?.(), process.getgid?.()];
  return uid === undefined || gid === undefined ? undefined : { uid, gid };
}
