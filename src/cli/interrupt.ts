import { setMaxListeners } from 'node:events';

/**
 * First SIGINT or SIGTERM: calls `first` and aborts the signal. The second ends the process with status 130.
 */
export function onInterrupt(first: () => void): { readonly signal: AbortSignal; stop(): void } {
  const controller = new AbortController();
  // Every host that is being worked on listens; Node.js warns from the eleventh on.
  setMaxListeners(0, controller.signal);
  const handler = (): void => {
    if (controller.signal.aborted) process.exit(130);
    controller.abort();
    first();
  };
  process.on('SIGINT', handler).on('SIGTERM', handler);
  return {
    signal: controller.signal,
    stop() {
      process.off('SIGINT', handler).off('SIGTERM', handler);
    },
  };
}
