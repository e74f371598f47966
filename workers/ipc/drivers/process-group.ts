/** Ending a process and all that it started. Stateless. */
import { spawnSync } from 'node:child_process';

/** Kills the group that `pid` leads (on Windows: its tree). @throws the error of the system when it may not be killed */
export function killGroup(pid: number): void {
  if (process.platform === 'win32') {
    spawnSync('taskkill', ['/pid', String(pid), '/T', '/F'], { windowsHide: true });
    return;
  }
  process.kill(-pid, 'SIGKILL');
}
