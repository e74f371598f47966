/** The pipes between the host and a worker's process, after stdin, stdout and stderr. */

/** Host to child; its end is the host's. */
export const LIFELINE_FD = 3;
/** Child to host. */
export const REPORT_FD = 4;
/** Host to child: `workerData` that is too large for the environment. */
export const DATA_FD = 5;
/** Both ways, a socket: the messages of a worker in a container. */
export const LINE_FD = 6;
