/**
 * Deprecated built-in modules of Node.js, and deprecated names in them. Source: the deprecations in the Node.js manual.
 */

export interface Deprecation {
  readonly code: string;
  readonly instead: string;
}

export const DEPRECATED_MODULES: Readonly<Record<string, Deprecation>> = {
  punycode: { code: 'DEP0040', instead: 'the punycode package (`punycode/`) or URL' },
  domain: { code: 'DEP0032', instead: 'AsyncLocalStorage from node:async_hooks' },
  sys: { code: 'DEP0025', instead: 'node:util' },
  constants: { code: 'DEP0008', instead: '`constants` from node:fs, node:os or node:crypto' },
  freelist: { code: 'removed', instead: 'an array' },
  _linklist: { code: 'removed', instead: 'an array or a class' },
  _stream_wrap: { code: 'DEP0125', instead: 'node:stream' },
  _tls_common: { code: 'DEP0192', instead: 'node:tls' },
  _tls_wrap: { code: 'DEP0192', instead: 'node:tls' },
};

export const DEPRECATED_NAMES: Readonly<Record<string, Readonly<Record<string, Deprecation>>>> = {
  assert: { CallTracker: { code: 'DEP0173', instead: 'mock from node:test' } },
  async_hooks: {
    currentId: { code: 'DEP0070', instead: 'executionAsyncId' },
    triggerId: { code: 'DEP0071', instead: 'triggerAsyncId' },
  },
  buffer: { SlowBuffer: { code: 'DEP0030', instead: 'Buffer.allocUnsafeSlow' } },
  crypto: {
    createCipher: { code: 'DEP0106', instead: 'createCipheriv' },
    createDecipher: { code: 'DEP0106', instead: 'createDecipheriv' },
    createCredentials: { code: 'DEP0010', instead: 'tls.createSecureContext' },
    Credentials: { code: 'DEP0011', instead: 'tls.SecureContext' },
    fips: { code: 'DEP0093', instead: 'getFips and setFips' },
    DEFAULT_ENCODING: { code: 'DEP0091', instead: 'an explicit encoding in each call' },
  },
  fs: {
    exists: { code: 'DEP0034', instead: 'stat or access' },
    lchmod: { code: 'DEP0035', instead: 'chmod' },
    lchmodSync: { code: 'DEP0036', instead: 'chmodSync' },
    SyncWriteStream: { code: 'DEP0061', instead: 'createWriteStream' },
  },
  module: {
    createRequireFromPath: { code: 'DEP0130', instead: 'createRequire' },
    requireRepl: { code: 'removed', instead: 'node:repl' },
    _debug: { code: 'DEP0077', instead: 'debuglog from node:util' },
  },
  http: { createClient: { code: 'removed', instead: 'request' } },
  readline: Object.fromEntries(
    ['codePointAt', 'getStringWidth', 'isFullWidthCodePoint', 'stripVTControlCharacters'].map((name) => [
      name,
      {
        code: 'removed',
        instead:
          name === 'stripVTControlCharacters'
            ? 'stripVTControlCharacters from node:util'
            : 'a package that provides it',
      },
    ]),
  ),
  tty: { setRawMode: { code: 'removed', instead: 'process.stdin.setRawMode' } },
  vm: { runInDebugContext: { code: 'DEP0069', instead: 'node:inspector' } },
  os: {
    getNetworkInterfaces: { code: 'DEP0023', instead: 'networkInterfaces' },
    tmpDir: { code: 'DEP0022', instead: 'tmpdir' },
  },
  path: { _makeLong: { code: 'DEP0080', instead: 'toNamespacedPath' } },
  timers: {
    enroll: { code: 'DEP0095', instead: 'setTimeout' },
    unenroll: { code: 'DEP0096', instead: 'clearTimeout' },
    active: { code: 'DEP0126', instead: 'timeout.refresh' },
  },
  tls: {
    CleartextStream: { code: 'removed', instead: 'TLSSocket' },
    CryptoStream: { code: 'DEP0042', instead: 'TLSSocket' },
    SecurePair: { code: 'DEP0043', instead: 'TLSSocket' },
    createSecurePair: { code: 'DEP0064', instead: 'TLSSocket' },
    parseCertString: { code: 'DEP0076', instead: 'node:querystring' },
  },
  util: Object.fromEntries([
    ...[
      'Boolean',
      'Date',
      'Error',
      'Function',
      'Null',
      'NullOrUndefined',
      'Number',
      'Object',
      'Primitive',
      'RegExp',
      'String',
      'Symbol',
      'Undefined',
    ].map((kind) => [`is${kind}`, { code: 'DEP0044–DEP0057', instead: `typeof, instanceof or util.types` }]),
    ['isArray', { code: 'DEP0044', instead: 'Array.isArray' }],
    ['isBuffer', { code: 'DEP0045', instead: 'Buffer.isBuffer' }],
    ['log', { code: 'DEP0059', instead: 'console.log' }],
    ['_extend', { code: 'DEP0060', instead: 'Object.assign' }],
    ['print', { code: 'DEP0026', instead: 'console.log' }],
    ['puts', { code: 'DEP0027', instead: 'console.log' }],
    ['pump', { code: 'removed', instead: 'stream.pipeline' }],
    ['debug', { code: 'DEP0028', instead: 'console.error' }],
    ['error', { code: 'DEP0029', instead: 'console.error' }],
  ]) as Readonly<Record<string, Deprecation>>,
};
