/** What the user chose about sandboxes, as settings and options say it. Pure. */

export type SandboxMode = 'auto' | 'require' | 'off';

/** What the user chose. Never what a workspace says. */
export interface SandboxSettings {
  readonly mode: SandboxMode;
  /** Detectors and tools whose workers run outside. */
  readonly except: readonly string[];
  /** Files and folders that workers may read besides. */
  readonly read: readonly string[];
  /** By detector or tool: hosts that its worker may reach, each as `host:port`. */
  readonly network: Readonly<Record<string, readonly string[]>>;
  /** Detectors that run code of an untrusted folder may do so in a sandbox that is required. */
  readonly untrusted: boolean;
}

/** @param settings of an editor */
export function sandboxOf(settings: {
  readonly sandbox: SandboxMode;
  readonly sandboxExcept: readonly string[];
  readonly sandboxRead: readonly string[];
  readonly sandboxNetwork: Readonly<Record<string, readonly string[]>>;
  readonly sandboxUntrusted: boolean;
}): SandboxSettings {
  const { sandbox, sandboxExcept, sandboxRead, sandboxNetwork, sandboxUntrusted } = settings;
  return {
    mode: sandbox,
    except: sandboxExcept,
    read: sandboxRead,
    network: sandboxNetwork,
    untrusted: sandboxUntrusted,
  };
}

/** What processes that share an analysis tell each other of it: an object with nothing, or with what is less held. */
export function requiredOf({ mode, except, network }: SandboxSettings): { readonly sandboxExcept?: readonly string[] } {
  const granted = Object.entries(network).flatMap(([name, hosts]) => hosts.map((host) => `${name}=${host}`));
  return mode === 'require' ? { sandboxExcept: [...except, ...granted].toSorted() } : {};
}

export const noSandbox: SandboxSettings = { mode: 'off', except: [], read: [], network: {}, untrusted: false };
