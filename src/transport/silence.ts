import type { Readable } from 'node:stream';

/**
 * Calls `silent` once `stream` has brought nothing for more than four intervals. Anything that comes in is a sign of life.
 * While this machine sleeps, no time passes. Returns a function that ends the watch.
 */
export function watchSilence(stream: Readable, intervalMs: number, silent: () => void): () => void {
  let missed = 0;
  const reset = (): void => {
    missed = 0;
  };
  const timer = setInterval(() => {
    missed++;
    if (missed <= 4) return;
    stop();
    silent();
  }, intervalMs);
  timer.unref();
  stream.on('data', reset);
  const stop = (): void => {
    clearInterval(timer);
    stream.removeListener('data', reset);
  };
  return stop;
}
