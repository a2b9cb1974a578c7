import { setMaxListeners } from 'node:events';

/**
 * First SIGINT or SIGTERM: calls `first` and aborts the signal. The second ends the process with status 130.
 * SIGHUP counts as a first signal if kboot runs in a terminal, and is ignored otherwise, since Node.js resets the SIG_IGN that
 * `nohup` sets. The kernel and the shell may both send it, so it is never a second one.
 */
export function onInterrupt(first: () => void): { readonly signal: AbortSignal; stop(): void } {
  const controller = new AbortController();
  // Every host that is being worked on listens; Node.js warns from the eleventh on.
  setMaxListeners(0, controller.signal);
  const interrupt = (): void => {
    if (controller.signal.aborted) return;
    controller.abort();
    first();
  };
  const handler = (): void => {
    if (controller.signal.aborted) process.exit(130);
    interrupt();
  };
  const hangUp = (): void => {
    if (process.stdin.isTTY || process.stdout.isTTY) interrupt();
  };
  process.on('SIGINT', handler).on('SIGTERM', handler).on('SIGHUP', hangUp);
  return {
    signal: controller.signal,
    stop() {
      process.off('SIGINT', handler).off('SIGTERM', handler).off('SIGHUP', hangUp);
    },
  };
}
