import type { Emit } from './events.ts';

const everyMs = 2_000;

/** A file on its way from this machine to a host. */
export interface Transfer {
  /** So many of its bytes have left, the first ones of a broken transfer included. */
  sent(bytes: number): void;
  /** Ends the reports, with a last one if there was any. Safe to call twice. */
  end(): void;
}

/** Reports a transfer every two seconds, with its pace since the last report; one that is over before that, not at all. */
export function startTransfer(
  emit: Emit,
  { host, what, size }: { readonly host: string; readonly what: string; readonly size: number },
): Transfer {
  let bytes = 0;
  let reported: { readonly bytes: number; readonly at: number } = { bytes: 0, at: performance.now() };
  let isReported = false;
  const report = (): void => {
    const at = performance.now();
    const bytesPerSecond = Math.round((1000 * (bytes - reported.bytes)) / Math.max(1, at - reported.at));
    reported = { bytes, at };
    isReported = true;
    emit({ type: 'sending', host, what, bytes, size, bytesPerSecond });
  };
  let timer: NodeJS.Timeout | undefined = setInterval(report, everyMs);
  timer.unref();
  return {
    sent(now) {
      bytes = now;
    },
    end() {
      if (timer !== undefined && isReported) report();
      clearInterval(timer);
      timer = undefined;
    },
  };
}
