/**
 * Isolated workers: typed messages with streaming, backpressure and cancel, over child processes, threads or none.
 * `createWorker` is the host's side, `startWorkerServer` the worker's; docs/workers.md is the guide.
 */
export { createWorker, shutdownWorker } from './create-worker.ts';
export { attachWorker } from './attach-worker.ts';
export type { AttachOptions } from './attach-worker.ts';
export type {
  DetachCapability,
  ReconnectCapability,
  SendOptions,
  StreamOptions,
  WorkerClient,
  WorkerClientBase,
  WorkerState,
} from './client.ts';
export type { LifecycleEvents, LifecycleListener, LifecycleListeners } from './lifecycle.ts';
export { createPool } from './pool/create-pool.ts';
export type {
  PoolLimits,
  PoolMetrics,
  PoolOptions,
  PoolSendOptions,
  PoolStreamOptions,
  WorkerPool,
} from './pool/pool-types.ts';
export type { HistogramSummary, TaskFigures } from './pool/task-metrics.ts';
export { startWorkerServer } from './server.ts';
export type { ServerOptions, WorkerServer } from './server.ts';
export type {
  DefineMessages,
  EmitOptions,
  Call,
  CallOptions,
  EventOf,
  Handler,
  HandlerContext,
  Handlers,
  InputOf,
  LogLevel,
  MaybePromise,
  MessageDefinitions,
  MessageOf,
  MessageShape,
  MessageType,
  NoMessages,
  PayloadOf,
  ResultOf,
  TransactionId,
  WithResult,
} from './messages.ts';
export * from './errors.ts';
export { canaryAttempts, measureSandbox } from './sandbox/canary.ts';
export type { CanaryAttempt, SandboxReport } from './sandbox/canary.ts';
export type { SandboxFailure, SandboxFailureCause } from './sandbox/failures.ts';
export type { ContainerPolicy } from './container/policy.ts';
export type { SandboxPolicy } from './sandbox/policy.ts';
export type { NetworkAttempt, ProxyOptions } from './sandbox/proxy.ts';
export { allowedHostOf } from './sandbox/allow-list.ts';
export type { AllowedHost } from './sandbox/allow-list.ts';
export type { ExitKind, WorkerExit } from './exit.ts';
export type { EventStream } from './event-stream.ts';
export type {
  ChildProcessOptions,
  ClientOptions,
  CloseOptions,
  CommonOptions,
  ContainerOptions,
  HostHandlersOption,
  InlineOptions,
  OwnDriverOptions,
  StdioOptions,
  Timeouts,
  WorkerOptions,
  WorkerThreadsOptions,
} from './options.ts';
export { backoffDelay } from './backoff.ts';
export type { Backoff, Retry } from './backoff.ts';
export { binarySerializer, jsonSerializer } from './serializer.ts';
export type { Serializer } from './serializer.ts';
export { deserializeError, deserializeMessage, serializeError, serializeMessage } from './serialization.ts';
export type { SerializedError } from './serialization.ts';
export { createConnection } from './connection.ts';
export type { Connection, ConnectionOptions } from './connection.ts';
export * from './sockets.ts';
export { createLogger } from './logger.ts';
export type { Logger } from './logger.ts';
export type { KeepAliveMode } from './keep-alive.ts';
export type { Direction, Middleware } from './middleware.ts';
export { withTransfer } from './transfer.ts';
export { getStartupData } from './startup.ts';
export type { StartupData } from './startup.ts';
export { defineWorkerDriver } from './driver.ts';
export type {
  BuiltInDriver,
  DriverCapabilities,
  LaunchContext,
  LaunchOptions,
  LogEntry,
  ProcessSpawnOptions,
  ServeContext,
  ServerDriver,
  Vitals,
  WorkerAddress,
  WorkerDriver,
  WorkerEnd,
  WorkerHandle,
} from './driver.ts';
export { PortChannel } from './port-channel.ts';
export { StreamChannel } from './stream-channel.ts';
export type { StreamChannelOptions } from './stream-channel.ts';
export type { Channel, ChannelListener } from './channel.ts';
export type { UncheckedMessage, WireMessage } from './wire.ts';
export type { DriverName } from './driver-names.ts';
